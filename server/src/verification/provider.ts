import type { Clock } from '../kernel/clock.ts';
import { inTime } from '../kernel/in-time.ts';
import type { Factors } from './factors.ts';
import type { Outcome, Product, Upstream } from './outcome.ts';

/** One question to a provider. The factors that the product does not have are not sent. */
export interface Question {
  /** Our own, and never used twice. */
  readonly requestId: string;
  readonly product: Product;
  readonly factors: Factors;
}

/** A reply as the provider worded it, and what it means. */
export interface Reply {
  readonly outcome: Outcome;
  /** The provider's own code. */
  readonly code: string;
}

/** Whoever compares factors with what banks have (鉴权渠道). */
export interface Provider {
  readonly name: string;
  readonly upstream: Upstream;
  /**
   * Asks, and gives every reply that came: more than one when it answered twice. Rejects when it cannot be asked.
   * The signal aborts when nobody waits any more.
   */
  ask(question: Question, signal: AbortSignal): Promise<readonly Reply[]>;
}

/** One question and what came of it: evidence. */
export interface Probe {
  readonly provider: string;
  readonly upstream: Upstream;
  readonly requestId: string;
  readonly product: Product;
  readonly outcome: Outcome;
  /** The provider's codes as they came; empty when it did not answer. */
  readonly codes: readonly string[];
  readonly askedAt: Date;
  readonly answeredAt: Date;
}

/**
 * Asks once. Never throws: who is late, away, or says two different things has given no answer, and the probe says
 * which of these it was.
 */
export async function askProvider(
  { provider, clock, limitMs }: { provider: Provider; clock: Clock; limitMs: number },
  question: Question,
): Promise<Probe> {
  const askedAt = clock.now();
  const waiting = new AbortController();
  const asked = Promise.resolve()
    .then(() => provider.ask(question, waiting.signal))
    .then(agreed, () => ({ outcome: 'unavailable' as const, codes: [] }));
  const { outcome, codes } = await inTime(asked, limitMs, () => {
    waiting.abort();
    return { outcome: 'timed_out' as const, codes: [] };
  });
  const { requestId, product } = question;
  const { name, upstream } = provider;
  const at = { askedAt, answeredAt: clock.now() };
  return { provider: name, upstream, requestId, product, outcome, codes, ...at };
}

/** What replies to one question say together: the same twice is said once, and two different things are none. */
function agreed(replies: readonly Reply[]): { outcome: Outcome; codes: readonly string[] } {
  const codes = replies.map(({ code }) => code);
  const [first, ...others] = replies;
  const isOne = first && others.every(({ outcome }) => outcome === first.outcome);
  return { outcome: isOne ? first.outcome : 'nonsense', codes };
}
