import { describe, expect, test } from 'vitest';
import { accountId } from '../ledger/index.ts';
import {
  type Hints,
  matchByHints,
  matchByNumber,
  type NumberLookUp,
  numbersIn,
  type Payment,
  wordsIn,
} from './match.ts';

const MAIN = 1n;
const [alice, bob, carol] = [accountId(11n), accountId(12n), accountId(13n)];
const A = '8888800000000000017';
const B = '8888800000000000025';
/** With a check digit, as numbers that were not chosen have one. */
const CHECKED = '8888800000000000044';

const numbers = new Map([
  [A, alice],
  [B, bob],
  [CHECKED, carol],
]);
const codes = new Map([
  ['ALICE01', alice],
  ['SHOP2026', carol],
]);
const at = (account: typeof alice, mainAccountId = MAIN) => ({ mainAccountId, accountId: account });
const payers = new Map([
  ['622200001', [at(alice)]],
  ['622200002', [at(alice), at(bob)]],
  ['622200003', [at(alice), at(bob, 2n)]],
  ['622200004', [at(bob, 2n)]],
]);
const byNumber: NumberLookUp = (main, number) => (main === MAIN ? numbers.get(number) : undefined);
const hints: Hints = {
  byReferenceCode: (main, code) => (main === MAIN ? codes.get(code) : undefined),
  byPayer: (payer) => payers.get(payer) ?? [],
};
const payment = (given: Partial<Payment>): Payment => ({
  mainAccountId: MAIN,
  reversal: false,
  creditedAccount: undefined,
  counterpartyAccount: undefined,
  text: '',
  ...given,
});
const matched = (given: Partial<Payment>) => {
  const { account, reason } =
    matchByNumber(payment(given), byNumber) ?? matchByHints(payment(given), hints);
  return [account, reason];
};

describe('whom a credit is for', () => {
  const cases: [what: string, given: Partial<Payment>, account: unknown, reason: string][] = [
    ['the bank names the account', { creditedAccount: A }, alice, 'account_number'],
    ['written in groups', { creditedAccount: '88888 0000 0000 0000 17' }, alice, 'account_number'],
    ['the text quotes it', { text: `top-up ${A}, thanks` }, alice, 'account_number'],
    [
      'in full width',
      { text: '货款８８８８８００００００００００００１７' },
      alice,
      'account_number',
    ],
    ['twice the same', { text: `${A} ${A}` }, alice, 'account_number'],
    ['two different ones', { text: `${A}/${B}` }, undefined, 'ambiguous_account_number'],
    ['the bank wins over the text', { creditedAccount: A, text: B }, alice, 'account_number'],
    [
      'the main account itself is named',
      { creditedAccount: '8110', text: B },
      bob,
      'account_number',
    ],
    ['part of a longer number', { text: `1${A}` }, undefined, 'no_match'],
    ['a number that nobody has', { text: '8888800000000000033' }, undefined, 'no_match'],
    ['a reference code', { text: 'payment alice01' }, alice, 'reference_code'],
    ['a code beside Chinese text', { text: '货款SHOP2026谢谢' }, carol, 'reference_code'],
    ['a code inside a word', { text: 'XSHOP2026' }, undefined, 'no_match'],
    ['a code after an accented letter', { text: 'ÉSHOP2026' }, undefined, 'no_match'],
    ['two codes', { text: 'ALICE01 SHOP2026' }, undefined, 'ambiguous_reference_code'],
    ['a number before a code', { text: `SHOP2026 ${A}` }, alice, 'account_number'],
    ['the payer', { counterpartyAccount: '6222 00001' }, alice, 'payer_account'],
    [
      'a code before the payer',
      { text: 'SHOP2026', counterpartyAccount: '622200001' },
      carol,
      'reference_code',
    ],
    ['a payer of two members', { counterpartyAccount: '622200002' }, undefined, 'ambiguous_payer'],
    [
      'a payer of two members, one of them under another main account',
      { counterpartyAccount: '622200003' },
      undefined,
      'ambiguous_payer',
    ],
    [
      'a payer whose account is under another main account',
      { counterpartyAccount: '622200004' },
      undefined,
      'no_match',
    ],
    ['an unknown payer', { counterpartyAccount: '622200009' }, undefined, 'no_match'],
    [
      'what the bank takes back',
      { creditedAccount: A, reversal: true },
      undefined,
      'bank_reversal',
    ],
    ['another main account', { creditedAccount: A, mainAccountId: 2n }, undefined, 'no_match'],
  ];
  test.each(cases)('%s', (_what, given, account, reason) => {
    expect(matched(given)).toEqual([account, reason]);
  });
});

describe('a number that a line break has cut', () => {
  const cut = (limit: number, at: number, number = CHECKED) =>
    `${'x'.repeat(limit - at)}${number.slice(0, at)}\n${number.slice(at)}`;

  test.each([35, 65, 140])('is found where the line has exactly %i characters', (limit) => {
    for (let at = 1; at < 19; at += 1) {
      expect(numbersIn(cut(limit, at))).toEqual([CHECKED]);
      expect(numbersIn(`before\n${cut(limit, at)} behind\nand more`)).toEqual([CHECKED]);
      expect(numbersIn(cut(limit - 1, at))).toEqual([]);
      expect(numbersIn(cut(limit + 1, at))).toEqual([]);
    }
  });

  test('is found behind Chinese text, and in full width', () => {
    expect(numbersIn(`${'货'.repeat(58)}8888800\n000000000044，谢谢`)).toEqual([CHECKED]);
    expect(numbersIn(`${'货'.repeat(58)}８８８８８００\n００００００００００４４４`)).toEqual([]);
    expect(numbersIn(`${'货'.repeat(58)}８８８８８００\n００００００００００４４`)).toEqual([
      CHECKED,
    ]);
  });

  test('is found behind characters that JavaScript counts as two', () => {
    expect(numbersIn(`${'𠮷'.repeat(58)}8888800\n000000000044`)).toEqual([CHECKED]);
  });

  test('decides whom a credit is for', () => {
    expect(matched({ text: cut(65, 8) })).toEqual([carol, 'account_number']);
    expect(matched({ text: `${B}\n${cut(65, 8)}` })).toEqual([
      undefined,
      'ambiguous_account_number',
    ]);
    expect(matched({ text: cut(65, 8), mainAccountId: 2n })).toEqual([undefined, 'no_match']);
  });

  test.each([
    ['without its check digit', cut(65, 8, '8888800000000000045')],
    ['across an empty line, behind which another text begins', cut(65, 8).replace('\n', '\n\n')],
    ['before a blank', cut(65, 8).replace('\n', '\n ')],
    ['behind a blank', `${cut(65, 8).slice(1).replace('\n', ' \n')}`],
    [
      'in a run that is longer in front',
      `${'x'.repeat(56)}1${CHECKED.slice(0, 8)}\n${CHECKED.slice(8)}`,
    ],
    ['in a run that is longer behind', `${cut(65, 8)}1`],
    ['in three pieces', `${cut(35, 8).slice(0, -2)}\n44`],
  ])('is none %s', (_, text) => {
    expect(numbersIn(text)).toEqual([]);
  });
});

test('numbers and words are found whole', () => {
  expect(numbersIn(`${A},${B} 12345678901234567890`)).toEqual([A, B]);
  expect(wordsIn('ab-CD12/ef_gh34 abc １２３４')).toEqual(['CD12', 'GH34', '1234']);
});
