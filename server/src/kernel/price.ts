/**
 * What something costs (价目), exactly: fixed, a percentage in parts per million, bands, a minimum and a maximum.
 * Everything is added up as whole millionths of a minor unit; it is rounded once, at the end, as the price says.
 */

/** How what is left of a minor unit is rounded. */
export const ROUNDINGS = ['half_up', 'up', 'down'] as const;
export type Rounding = (typeof ROUNDINGS)[number];

/** The price of amounts up to and including `upTo`; null for the last band, which has no end. */
export interface Band {
  readonly upTo: bigint | null;
  /** Minor units. */
  readonly fixed: bigint;
  /** Parts per million of the amount: 6000 is 0.6 %. */
  readonly ratePpm: bigint;
}

export interface Price {
  readonly fixed: bigint;
  readonly ratePpm: bigint;
  /**
   * `whole`: the band in which the amount lies prices all of it. `marginal`: each band prices the part of the
   * amount that lies in it, and adds its `fixed` when the amount reaches it.
   */
  readonly tiers: { readonly mode: 'whole' | 'marginal'; readonly bands: readonly Band[] } | null;
  readonly min: bigint | null;
  readonly max: bigint | null;
  readonly rounding: Rounding;
}

/** One line of the working: `fixed` plus `ratePpm` parts per million of `base`. */
export interface PricePart {
  readonly of: 'base' | 'tier';
  readonly base: bigint;
  readonly fixed: bigint;
  readonly ratePpm: bigint;
}

export interface Priced {
  /** Minor units, rounded, within min and max. */
  readonly fee: bigint;
  /** The same before rounding and limits, in millionths of a minor unit. */
  readonly exactMillionths: bigint;
  readonly limitedBy: 'min' | 'max' | null;
  readonly parts: readonly PricePart[];
}

/** The whole: a rate of 100 %. */
export const MILLION = 1_000_000n;
/** The most that `fixed`, `min` and `max` may be, so that sums of them stay far below 2^63. */
export const MAX_FIXED_PRICE = 1_000_000_000_000n;
/** The most bands of one price. */
export const MAX_BANDS = 20;

/** The price of an amount of minor units, from 0. It must be one without `priceFaults`. */
export function priceOf(price: Price, amount: bigint): Priced {
  const parts = [
    { of: 'base' as const, base: amount, fixed: price.fixed, ratePpm: price.ratePpm },
    ...tierParts(price, amount),
  ].filter(({ fixed, ratePpm }) => fixed > 0n || ratePpm > 0n);
  const exactMillionths = parts.reduce(
    (sum, { base, fixed, ratePpm }) => sum + fixed * MILLION + base * ratePpm,
    0n,
  );
  const rounded = roundMillionths(exactMillionths, price.rounding);
  const { min, max } = price;
  if (min !== null && rounded < min) return { fee: min, exactMillionths, limitedBy: 'min', parts };
  if (max !== null && rounded > max) return { fee: max, exactMillionths, limitedBy: 'max', parts };
  return { fee: rounded, exactMillionths, limitedBy: null, parts };
}

function tierParts({ tiers }: Price, amount: bigint): readonly PricePart[] {
  if (tiers === null) return [];
  const { mode, bands } = tiers;
  if (mode === 'whole') {
    const band = bands.find(({ upTo }) => upTo === null || amount <= upTo);
    return band ? [{ of: 'tier', base: amount, fixed: band.fixed, ratePpm: band.ratePpm }] : [];
  }
  const parts: PricePart[] = [];
  let below = 0n;
  for (const { upTo, fixed, ratePpm } of bands) {
    if (amount <= below) break;
    const base = (upTo === null || amount <= upTo ? amount : upTo) - below;
    parts.push({ of: 'tier', base, fixed, ratePpm });
    below = upTo ?? amount;
  }
  return parts;
}

/** Millionths of a minor unit, from 0, to whole minor units. Half a unit goes up with `half_up` (四舍五入). */
export function roundMillionths(millionths: bigint, rounding: Rounding): bigint {
  const whole = millionths / MILLION;
  const rest = millionths % MILLION;
  if (rounding === 'down') return whole;
  const goesUp = rounding === 'up' ? rest > 0n : rest * 2n >= MILLION;
  return goesUp ? whole + 1n : whole;
}

/** What is wrong with a price: the field that it is in, as a JSON pointer, and why. Empty when all is well. */
export function priceFaults(price: Price): readonly { pointer: string; detail: string }[] {
  const { min, max, tiers } = price;
  const faults: { pointer: string; detail: string }[] = [];
  if (min !== null && max !== null && min > max)
    faults.push({ pointer: '/max', detail: 'must not be less than min' });
  const bands = tiers?.bands ?? [];
  for (const [i, { upTo, ratePpm }] of bands.entries()) {
    const pointer = `/tiers/bands/${i}`;
    const before = i === 0 ? 0n : (bands[i - 1]?.upTo ?? null);
    const isLast = i === bands.length - 1;
    if (isLast !== (upTo === null)) {
      const detail = isLast ? 'must be null in the last band' : 'may be null in the last band only';
      faults.push({ pointer: `${pointer}/upTo`, detail });
    } else if (upTo !== null && before !== null && upTo <= before) {
      faults.push({ pointer: `${pointer}/upTo`, detail: 'must be more than in the band before' });
    }
    if (price.ratePpm + ratePpm > MILLION) {
      const detail = 'with the rate outside the bands must not be more than 1000000';
      faults.push({ pointer: `${pointer}/ratePpm`, detail });
    }
  }
  return faults;
}
