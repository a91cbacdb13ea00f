import type { Outcome, Upstream } from './outcome.ts';
import { UPSTREAMS } from './outcome.ts';

/** What one provider answered. Fewer factors are asked only where more of them did not match. */
export interface ProviderAnswers {
  readonly provider: string;
  readonly upstream: Upstream;
  readonly four: Outcome;
  readonly three?: Outcome | undefined;
  /** Card number and name. */
  readonly two?: Outcome | undefined;
}

/** What stands between the member and the binding. The last five leave it undecided. */
type Cause =
  | 'none'
  | 'reservedMobile'
  | 'noReservedMobile'
  | 'identityNumber'
  | 'name'
  | 'nameOrCard'
  | 'identityOrName'
  | 'someFactor'
  | 'cardInvalid'
  | 'cardStatus'
  | 'notEnrolled'
  | 'unsupportedBank'
  | 'limited'
  | 'noAnswer'
  | 'providersDisagree';

/** How sure it is: the bank named it; two upstreams say the same; one says it; nobody does. */
type Confidence = 'issuerSaid' | 'confirmed' | 'single' | 'undetermined';

/** What the answers say together. */
export interface Diagnosis {
  readonly verdict: 'verified' | 'refused' | 'undecided';
  readonly cause: Cause;
  readonly confidence: Confidence;
  /** The provider whose copy of the bank's data is out of date; null when none is known to be. */
  readonly staleAt: string | null;
}

interface Finding {
  readonly cause: Cause;
  /** The bank named it. */
  readonly said: boolean;
}

const UNDECIDED: ReadonlySet<Cause> = new Set([
  ...(['notEnrolled', 'unsupportedBank', 'limited', 'noAnswer', 'providersDisagree'] as const),
]);

/**
 * Tells which factor is wrong. Questions to one provider are about one set of data, so that what one of them has
 * more than the other is what is wrong. A second provider tells whether the first one's copy is out of date: the
 * fresher upstream wins.
 */
export function whichFactor(first: ProviderAnswers, second?: ProviderAnswers): Diagnosis {
  const one = findingOf(first);
  if (!second) return diagnosis(one);
  const two = findingOf(second);
  if (UNDECIDED.has(two.cause)) {
    // Whoever has to wait is told so, rather than that a bank is not covered elsewhere.
    const waits = UNDECIDED.has(one.cause) && two.cause === 'limited';
    return diagnosis(waits ? two : one);
  }
  if (UNDECIDED.has(one.cause)) return diagnosis(two);
  const differ = first.upstream !== second.upstream;
  if (isSame(one, two)) {
    const said = one.said || two.said;
    // A mismatch that does not say where takes nothing from the one that does, and adds nothing to it.
    const confirmed = differ && one.cause === two.cause && one.cause !== 'none';
    const named = one.cause === 'someFactor' ? two : one;
    return diagnosis({ cause: named.cause, said }, { confirmed });
  }
  if (!differ) return diagnosis({ cause: 'providersDisagree', said: false });
  const [fresh, old] = freshness(first) > freshness(second) ? [one, second] : [two, first];
  const isStale = fresh.cause === 'none' || (fresh === one ? two : one).cause === 'none';
  return diagnosis(fresh, { staleAt: isStale ? old.provider : null });
}

/** What one provider's answers say. */
function findingOf({ four, three, two }: ProviderAnswers): Finding {
  const plain = outcomeCause[four];
  if (plain !== 'someFactor') return { cause: plain, said: four.startsWith('mismatch_') };
  if (three === undefined) return { cause: 'someFactor', said: false };
  if (three === 'match') return { cause: 'reservedMobile', said: false };
  if (three === 'mismatch_name' || three === 'mismatch_identity')
    return { cause: outcomeCause[three], said: true };
  if (three !== 'mismatch') return { cause: 'someFactor', said: false };
  if (two === 'match') return { cause: 'identityNumber', said: false };
  if (two === 'mismatch_name') return { cause: 'name', said: true };
  return { cause: two === 'mismatch' ? 'nameOrCard' : 'identityOrName', said: false };
}

/** What the answer to four factors says by itself. */
const outcomeCause: Readonly<Record<Outcome, Cause>> = {
  match: 'none',
  mismatch: 'someFactor',
  mismatch_name: 'name',
  mismatch_identity: 'identityNumber',
  mismatch_mobile: 'reservedMobile',
  no_mobile: 'noReservedMobile',
  card_invalid: 'cardInvalid',
  card_status: 'cardStatus',
  not_enrolled: 'notEnrolled',
  unsupported: 'unsupportedBank',
  limited: 'limited',
  timed_out: 'noAnswer',
  unavailable: 'noAnswer',
  nonsense: 'noAnswer',
};

const isSame = (one: Finding, two: Finding) =>
  one.cause === two.cause || isVague(one, two) || isVague(two, one);
/** Any wrong factor is some factor. */
const isVague = (vague: Finding, other: Finding) =>
  vague.cause === 'someFactor' && other.cause !== 'none' && !other.cause.startsWith('card');
const freshness = ({ upstream }: ProviderAnswers) => UPSTREAMS.indexOf(upstream);

function diagnosis(
  { cause, said }: Finding,
  { confirmed = false, staleAt = null }: { confirmed?: boolean; staleAt?: string | null } = {},
): Diagnosis {
  if (UNDECIDED.has(cause))
    return { verdict: 'undecided', cause, confidence: 'undetermined', staleAt: null };
  const verdict = cause === 'none' ? 'verified' : 'refused';
  if (said) return { verdict, cause, confidence: 'issuerSaid', staleAt };
  return { verdict, cause, confidence: confirmed ? 'confirmed' : 'single', staleAt };
}
