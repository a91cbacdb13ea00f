/**
 * Which factors are compared with what the bank has: card number, name, identity number and reserved mobile (四要素);
 * the first three (三要素); card number and name (二要素).
 */
export type Product = 'four' | 'three' | 'two';

/**
 * What one question comes to, in one vocabulary for all providers. A mismatch with a name is one of which the bank
 * said which factor it is. The last three are no answers: nothing was learnt, and they are never a mismatch.
 */
export const OUTCOMES = [
  'match',
  'mismatch',
  'mismatch_name',
  'mismatch_identity',
  'mismatch_mobile',
  // The account has no reserved mobile.
  'no_mobile',
  'card_invalid',
  // Lost, frozen, closed, expired, or its PIN locked.
  'card_status',
  // Not opened for payments without the card.
  'not_enrolled',
  'unsupported',
  'limited',
  'timed_out',
  'unavailable',
  'nonsense',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/**
 * Where a provider has its data from. The fresher wins where two disagree: the bank itself, then the switch, then
 * a copy. Two providers on one upstream do not confirm each other.
 */
export const UPSTREAMS = ['providerCache', 'unionpayCentre', 'issuerOnline'] as const;
export type Upstream = (typeof UPSTREAMS)[number];
