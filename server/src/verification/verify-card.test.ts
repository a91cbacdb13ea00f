// Goal: each case of the sandbox comes to the right factor, by the fewest questions, and nobody's silence or noise
// counts as a mismatch. Method: play every case; look at what was asked as well.
import { expect, test } from 'vitest';
import { FakeClock } from '../../test/support/fakes.ts';
import { outcomeOf } from './codes.ts';
import { isIdentityNumber, passesLuhn } from './factors.ts';
import { checkFactors, normaliseFactors, sandboxPolicy, verifyCard, whichFactor } from './index.ts';
import type { Provider, Question } from './provider.ts';
import { SANDBOX_CASES, type SandboxCase, sandboxCaseOf } from './sandbox.ts';

const clock = new FakeClock();
const factors = {
  cardNumber: '6216261000000000018',
  name: '张三',
  identityNumber: '11010519491231002X',
  mobile: '13552535506',
};
const run = async (name: SandboxCase, asksTwoFactors = true) => {
  const policy = sandboxPolicy({ caseOf: () => name, answerLimitMs: 20, asksTwoFactors });
  const { diagnosis, probes } = await verifyCard({ policy, clock }, { attemptId: 'a', factors });
  const { verdict, cause, confidence, staleAt } = diagnosis;
  const asked = probes.map(
    ({ provider, product, outcome }) => `${provider.slice(8)} ${product} ${outcome}`,
  );
  return { said: [verdict, cause, confidence, staleAt ?? 'fresh'].join(' '), asked };
};

const switchSuspects = ['switch four mismatch', 'switch three match'];
const EXPECTED: Readonly<Record<SandboxCase, readonly [said: string, asked: readonly string[]]>> = {
  agrees: ['verified none single fresh', ['switch four match']],
  mobileMismatch: [
    'refused reservedMobile issuerSaid fresh',
    [...switchSuspects, 'bank four mismatch_mobile'],
  ],
  staleData: ['verified none single sandbox-switch', [...switchSuspects, 'bank four match']],
  wrongName: [
    'refused nameOrCard single fresh',
    ['switch four mismatch', 'switch three mismatch', 'switch two mismatch'],
  ],
  wrongNumber: ['refused cardInvalid single fresh', ['switch four card_invalid']],
  wrongIdentity: [
    'refused identityNumber single fresh',
    ['switch four mismatch', 'switch three mismatch', 'switch two match'],
  ],
  unsupportedBank: [
    'undecided unsupportedBank undetermined fresh',
    ['switch four unsupported', 'bank four unsupported'],
  ],
  slow: ['verified none single fresh', ['switch four timed_out', 'bank four match']],
  down: ['verified none single fresh', ['switch four unavailable', 'bank four match']],
  answersTwice: ['verified none single fresh', ['switch four match']],
  contradictsItself: [
    'undecided noAnswer undetermined fresh',
    ['switch four nonsense', 'bank four nonsense'],
  ],
  nonsense: [
    'undecided noAnswer undetermined fresh',
    ['switch four nonsense', 'bank four nonsense'],
  ],
  everywhereDown: [
    'undecided noAnswer undetermined fresh',
    ['switch four unavailable', 'bank four unavailable'],
  ],
  cardFrozen: ['refused cardStatus single fresh', ['switch four card_status']],
  triedTooOften: ['undecided limited undetermined fresh', ['switch four limited']],
};

test.each(SANDBOX_CASES)('the sandbox plays %s', async (name) => {
  const { said, asked } = await run(name);
  expect([said, asked]).toEqual(EXPECTED[name]);
});

test('without the third question name and identity number are not told apart', async () => {
  expect((await run('wrongIdentity', false)).said).toBe('refused identityOrName single fresh');
});

test('what is not asked is not sent, each question has a name of its own, and the late are told', async () => {
  const questions: Question[] = [];
  const signals: AbortSignal[] = [];
  const silent: Provider = {
    ...{ name: 'silent', upstream: 'providerCache' },
    ask: (question, signal) => {
      questions.push(question);
      signals.push(signal);
      if (question.product === 'two') return new Promise(() => {});
      return Promise.resolve([{ code: 'no', outcome: 'mismatch' }]);
    },
  };
  const policy = { providers: [silent], answerLimitMs: 20, asksTwoFactors: true };
  const { probes } = await verifyCard({ policy, clock }, { attemptId: 'a', factors });
  expect(questions).toEqual([
    { requestId: 'a-1', product: 'four', factors },
    { requestId: 'a-2', product: 'three', factors: { ...factors, mobile: '' } },
    { requestId: 'a-3', product: 'two', factors: { ...factors, mobile: '', identityNumber: '' } },
  ]);
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, true]);
  expect(probes.map(({ codes }) => codes)).toEqual([['no'], ['no'], []]);
});

test('codes of the real networks come to the diagnosis that they must', () => {
  const [unionpay, netsunion] = [
    { provider: 'unionpay', upstream: 'unionpayCentre' } as const,
    { provider: 'netsunion', upstream: 'issuerOnline' } as const,
  ];
  const up = (code: string) => outcomeOf('unionpay', code);
  const nu = (code: string) => outcomeOf('netsunion', code);
  const first = { ...unionpay, four: up('66'), three: up('00') };
  expect(whichFactor(first, { ...netsunion, four: nu('PB511013') })).toMatchObject({
    ...{ cause: 'reservedMobile', confidence: 'issuerSaid' },
  });
  expect(whichFactor(first, { ...netsunion, four: nu('00000000') })).toMatchObject({
    ...{ verdict: 'verified', staleAt: 'unionpay' },
  });
  expect(whichFactor({ ...netsunion, four: nu('PB511010') }).cause).toBe('cardStatus');
  for (const code of ['', '99', 'toString', '__proto__', 'PB500000'])
    expect([up(code), nu(code)]).toEqual(['nonsense', 'nonsense']);
});

test.each([
  ['11010519491231002X', true],
  ['440524188001010014', true],
  ['110101199003077619', true],
  ['310101198512030029', true],
  ['110105194912310021', false],
  ['440524198001010014', false],
  ['11010519490231002X', false],
])('identity number %s: %s', (text, valid) => {
  expect(isIdentityNumber(text, '2026-11-24')).toBe(valid);
});

test('who is not born yet has no identity number', () => {
  expect(isIdentityNumber('11010519491231002X', '1949-12-30')).toBe(false);
});

test.each([
  ['6216261000000000018', true],
  ['6216261000000000019', false],
  ['6221558812340000', false],
  ['6221558812340013', true],
  ['621700000000000014', true],
])('the check digit of %s: %s', (digits, passes) => {
  expect(passesLuhn(digits)).toBe(passes);
});

test('what people type is tidied, and what is wrong is said before anybody is asked', () => {
  const typed = {
    cardNumber: '6216 2610-0000 0000 018',
    name: ' 张 三 ',
    identityNumber: '11010519491231002x',
    mobile: '+86 135-5253-5506',
  };
  expect(normaliseFactors(typed)).toEqual(factors);
  expect(normaliseFactors({ ...typed, name: '买买提•吐逊' }).name).toBe('买买提·吐逊');
  const rules = { numberConfirmed: false, today: '2026-11-24' };
  expect(checkFactors(factors, rules)).toEqual([]);
  const odd = { ...factors, cardNumber: '6221558812340000' };
  expect(checkFactors(odd, rules)).toHaveLength(1);
  expect(checkFactors(odd, { ...rules, numberConfirmed: true })).toEqual([]);
  const wrong = { cardNumber: '62162610000', name: '张', identityNumber: '1', mobile: '12' };
  expect(checkFactors(wrong, { ...rules, numberConfirmed: true }).map((e) => e.pointer)).toEqual([
    ...['/cardNumber', '/name', '/identityNumber', '/mobile'],
  ]);
});

test('the card number says which case the sandbox plays', () => {
  expect(sandboxCaseOf('6216260000000000019')).toBe('agrees');
  expect(sandboxCaseOf('6216260200000000015')).toBe('staleData');
  expect(sandboxCaseOf('6216269900000000018')).toBe('agrees');
});
