/** Parts per million of a whole: what shares are counted in. */
export const WHOLE_PPM = 1_000_000;

/** One step of a tiered share: what of the total lies above the step before and up to `upTo` counts by its ratio. */
export interface Tier {
  /** Minor units; undefined for the last step, which has no end. */
  readonly upTo?: bigint | undefined;
  readonly ppm: number;
}

/** What one part of a total is. Amounts in minor units, ratios in parts per million (1% = 10,000). */
export type Share =
  | { readonly kind: 'amount'; readonly amount: bigint }
  /** `atMost`: the part is cut to it, and what is cut falls to the remainder. */
  | { readonly kind: 'ratio'; readonly ppm: number; readonly atMost?: bigint | undefined }
  | {
      readonly kind: 'tiers';
      readonly tiers: readonly Tier[];
      readonly atMost?: bigint | undefined;
    }
  /** What the others leave; several such parts divide it by their weights. */
  | { readonly kind: 'remainder'; readonly weight: number };

/** The parts, in the order of the shares; or by how much the shares do not add up to the total. */
export type SplitOutcome =
  | { readonly ok: true; readonly amounts: readonly bigint[] }
  | { readonly ok: false; readonly problem: 'over' | 'rest'; readonly by: bigint };

/**
 * Divides a total (分账). The parts always add up to it: ratios and tiers are rounded down to the minor unit, and
 * whatever is left goes to the remainder. Several remainders get their weighted parts rounded down, and the units
 * that this leaves, fewer than there are remainders, one each to the first of them.
 *
 * Not ok: `over`, the others ask for more than there is; `rest`, nobody takes the remainder and something is left.
 */
export function split(total: bigint, shares: readonly Share[]): SplitOutcome {
  const amounts = shares.map((share) => ownPart(total, share));
  const rest = total - amounts.reduce((sum, each) => sum + each, 0n);
  if (rest < 0n) return { ok: false, problem: 'over', by: -rest };
  const weights = shares.map((share) => (share.kind === 'remainder' ? BigInt(share.weight) : 0n));
  const weight = weights.reduce((sum, each) => sum + each, 0n);
  if (weight === 0n) {
    return rest === 0n ? { ok: true, amounts } : { ok: false, problem: 'rest', by: rest };
  }
  const added = weights.map((each) => (rest * each) / weight);
  let units = rest - added.reduce((sum, each) => sum + each, 0n);
  const divided = amounts.map((own, i) => {
    if (weights[i] === 0n) return own;
    const unit = units > 0n ? 1n : 0n;
    units -= unit;
    return own + (added[i] ?? 0n) + unit;
  });
  return { ok: true, amounts: divided };
}

function ownPart(total: bigint, share: Share): bigint {
  switch (share.kind) {
    case 'amount':
      return share.amount;
    case 'ratio':
      return cut((total * BigInt(share.ppm)) / BigInt(WHOLE_PPM), share.atMost);
    case 'tiers':
      return cut(tieredPart(total, share.tiers), share.atMost);
    case 'remainder':
      return 0n;
  }
}

/** Each step counts for itself, and the sum is rounded once. */
function tieredPart(total: bigint, tiers: readonly Tier[]): bigint {
  let from = 0n;
  let sum = 0n;
  for (const { upTo, ppm } of tiers) {
    const end = upTo === undefined || upTo > total ? total : upTo;
    if (end > from) sum += (end - from) * BigInt(ppm);
    if (end > from) from = end;
  }
  return sum / BigInt(WHOLE_PPM);
}

const cut = (part: bigint, atMost: bigint | undefined): bigint =>
  atMost !== undefined && part > atMost ? atMost : part;
