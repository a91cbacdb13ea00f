import type { Clock } from '../kernel/clock.ts';
import type { Factors } from './factors.ts';
import type { Outcome, Product } from './outcome.ts';
import { askProvider, type Probe, type Provider } from './provider.ts';
import { type Diagnosis, type ProviderAnswers, whichFactor } from './which-factor.ts';

/** Whom to ask, how long to wait, and how far to go. */
export interface VerificationPolicy {
  /** In the order in which they are tried; the first two that are needed are asked. */
  readonly providers: readonly Provider[];
  /** So long one answer is waited for, in milliseconds. */
  readonly answerLimitMs: number;
  /**
   * Whether card and name are asked when three factors do not match. It tells name from identity number, and may be
   * the try in a row after which the bank locks the card.
   */
  readonly asksTwoFactors: boolean;
}

/** At most this many providers are asked about one request, and three questions each. */
const MAX_PROVIDERS = 2;

/** No answer from here, so that another provider may know: nothing was learnt about the factors. */
const ASK_ELSEWHERE: ReadonlySet<Outcome> = new Set([
  ...(['not_enrolled', 'unsupported', 'timed_out', 'unavailable', 'nonsense'] as const),
]);

/**
 * Compares four factors with what the bank has. When they do not match, the same provider is asked with fewer of
 * them. A second provider is asked when the first does not know, and when the reserved mobile is the suspect: the
 * first one's copy may be out of date. Who says that a card was tried too often ends it at once.
 */
export async function verifyCard(
  { policy, clock }: { policy: VerificationPolicy; clock: Clock },
  { attemptId, factors }: { attemptId: string; factors: Factors },
): Promise<{ diagnosis: Diagnosis; probes: readonly Probe[] }> {
  const probes: Probe[] = [];
  const answered: ProviderAnswers[] = [];
  for (const provider of policy.providers.slice(0, MAX_PROVIDERS)) {
    const ask = async (product: Product): Promise<Outcome> => {
      const requestId = `${attemptId}-${probes.length + 1}`;
      const question = { requestId, product, factors: factorsOf(product, factors) };
      const limitMs = policy.answerLimitMs;
      const probe = await askProvider({ provider, clock, limitMs }, question);
      probes.push(probe);
      return probe.outcome;
    };
    const answers = await askOne(provider, ask, policy.asksTwoFactors && answered.length === 0);
    answered.push(answers);
    if (!needsAnother(answers)) break;
  }
  const [first, second] = answered;
  if (!first) throw new RangeError('a policy has a provider');
  return { diagnosis: whichFactor(first, second), probes };
}

async function askOne(
  { name, upstream }: Provider,
  ask: (product: Product) => Promise<Outcome>,
  asksTwoFactors: boolean,
): Promise<ProviderAnswers> {
  const four = await ask('four');
  const three = four === 'mismatch' ? await ask('three') : undefined;
  const two = three === 'mismatch' && asksTwoFactors ? await ask('two') : undefined;
  return { provider: name, upstream, four, three, two };
}

function needsAnother(answers: ProviderAnswers): boolean {
  if (ASK_ELSEWHERE.has(answers.four)) return true;
  const { cause, confidence } = whichFactor(answers);
  return cause === 'reservedMobile' && confidence !== 'issuerSaid';
}

/** What is not asked is not told either. */
function factorsOf(product: Product, factors: Factors): Factors {
  if (product === 'four') return factors;
  if (product === 'three') return { ...factors, mobile: '' };
  return { ...factors, mobile: '', identityNumber: '' };
}
