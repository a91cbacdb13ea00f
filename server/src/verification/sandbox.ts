import { setTimeout as wait } from 'node:timers/promises';
import { outcomeOf } from './codes.ts';
import type { Product } from './outcome.ts';
import type { Provider, Reply } from './provider.ts';
import type { VerificationPolicy } from './verify-card.ts';

/** What a sandbox provider does with a card. */
export const SANDBOX_CASES = [
  'agrees',
  'mobileMismatch',
  'staleData',
  'wrongName',
  'wrongNumber',
  'wrongIdentity',
  'unsupportedBank',
  'slow',
  'down',
  'answersTwice',
  'contradictsItself',
  'nonsense',
  'everywhereDown',
  'cardFrozen',
  'triedTooOften',
] as const;
export type SandboxCase = (typeof SANDBOX_CASES)[number];

type Behaviour = readonly string[] | 'never' | 'refuses';
type Script = Readonly<Record<Product, Behaviour>>;

const always = (behaviour: Behaviour): Script => ({
  ...{ four: behaviour, three: behaviour, two: behaviour },
});
const steps = (four: Behaviour, three: Behaviour, two: Behaviour): Script => ({ four, three, two });
const YES = ['00'];
const NO = ['66'];
const BANK_YES = always(['00000000']);

/** What each provider answers in each case, in the codes of the real ones: the switch's copy, then the bank itself. */
const SCRIPTS: Readonly<Record<SandboxCase, readonly [centre: Script, issuer: Script]>> = {
  agrees: [always(YES), BANK_YES],
  mobileMismatch: [steps(NO, YES, YES), steps(['PB511013'], ['00000000'], ['00000000'])],
  staleData: [steps(NO, YES, YES), BANK_YES],
  wrongName: [always(NO), always(['PB511017'])],
  wrongNumber: [always(['61']), always(['PB511002'])],
  wrongIdentity: [steps(NO, NO, YES), always(['PB511019'])],
  unsupportedBank: [always(['62']), always(['PB511022'])],
  slow: [always('never'), BANK_YES],
  down: [always('refuses'), BANK_YES],
  answersTwice: [always(['00', '00']), BANK_YES],
  contradictsItself: [always(['00', '66']), always(['00000000', 'PB511013'])],
  nonsense: [always(['%$!']), always([])],
  everywhereDown: [always('refuses'), always('refuses')],
  cardFrozen: [always(['63']), always(['PB511006'])],
  triedTooOften: [always(['38']), always(['PB511025'])],
};

/** The seventh and eighth digit of the card number say which case it is: 00 agrees, 01 has another mobile, … */
const CASE_DIGITS = [6, 8] as const;
/** So long a slow provider sits on a question, unless nobody waits any more. */
const SLOW_MS = 60_000;

/** What the sandbox does with a card of that number. */
export function sandboxCaseOf(cardNumber: string): SandboxCase {
  return SANDBOX_CASES[Number(cardNumber.slice(...CASE_DIGITS))] ?? 'agrees';
}

/**
 * Two providers that ask nobody: the copy of a switch, and the bank itself. The card's number is the script, unless
 * `caseOf` says otherwise.
 */
export function sandboxPolicy({
  caseOf = sandboxCaseOf,
  answerLimitMs = 3_000,
  asksTwoFactors = true,
}: {
  caseOf?: (cardNumber: string) => SandboxCase;
  answerLimitMs?: number;
  asksTwoFactors?: boolean;
} = {}): VerificationPolicy {
  const provider = (place: 0 | 1): Provider => ({
    ...(place === 0
      ? { name: 'sandbox-switch', upstream: 'unionpayCentre' }
      : { name: 'sandbox-bank', upstream: 'issuerOnline' }),
    ask: async ({ product, factors: { cardNumber } }, signal) =>
      play(SCRIPTS[caseOf(cardNumber)][place][product], place, signal),
  });
  return { providers: [provider(0), provider(1)], answerLimitMs, asksTwoFactors };
}

async function play(
  behaviour: Behaviour,
  place: 0 | 1,
  signal: AbortSignal,
): Promise<readonly Reply[]> {
  if (behaviour === 'refuses') throw new Error('the sandbox provider is down');
  if (behaviour === 'never') {
    await wait(SLOW_MS, undefined, { signal, ref: false });
    return [];
  }
  const dialect = place === 0 ? 'unionpay' : 'netsunion';
  return behaviour.map((code) => ({ code, outcome: outcomeOf(dialect, code) }));
}
