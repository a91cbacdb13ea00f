/** Schemas and views that the routes of interest share. */
import {
  AccountNumber,
  CurrencyCode,
  Id,
  InstantOut,
  IsoDate,
  MoveId,
  Nullable,
  type Static,
  SumOut,
  Type,
} from '../http/schemas.ts';
import { textMoveId } from '../kernel/id.ts';
import { DAY_COUNTS, EXACT_PARTS, type InterestSegment } from './accrue.ts';
import { allocationTextId } from './allocation-store.ts';
import { INTEREST_PRODUCTS } from './rate-store.ts';
import { type Settlement, settlementTextId } from './settlement-store.ts';

export const Product = Type.Enum([...INTEREST_PRODUCTS], {
  description: 'The kind of account 账户类型: trading 交易资金, margin 保证金',
});
export const Mode = Type.Enum(['whole', 'marginal'], {
  description:
    'whole: the tier of the balance pays all of it 全额. marginal: each tier pays its part 超额分段.',
});
export const DayCountSchema = Type.Unsafe<(typeof DAY_COUNTS)[number]>(
  Type.Integer({
    ...{ minimum: 360, maximum: 365, enum: [...DAY_COUNTS] },
    description: 'Days of a year by which the annual rate is divided 年计息天数',
  }),
);
const RatePpm = Type.Integer({
  ...{ minimum: 0, maximum: 1_000_000, examples: [3500] },
  description: 'Parts per million a year 年利率百万分之几: 3500 is 0.35 %',
});
const UpTo = Type.Integer({
  ...{ minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
  description: 'The largest balance of the tier, inclusive; null in the last one',
});
export const TierIn = Type.Object(
  // Not Nullable: the validator of bodies knows types, and no `nullable`.
  {
    upTo: Type.Unsafe<number | null>({ ...UpTo, type: ['integer', 'null'] }),
    ratePpm: RatePpm,
  },
  { additionalProperties: false },
);
const BigOut = Type.Unsafe<bigint>(Type.Integer({ format: 'int64' }));
/** Sums of balances times days may pass 64 bits: they are text. */
const ProductOut = Type.String({
  pattern: '^[0-9]+$',
  'x-allowed': 'digits',
  description: '积数: the sum of the balances at the end of each day, in minor units × days',
  examples: ['41000000'],
});
export const TierOut = Type.Object({ upTo: Nullable(BigOut), ratePpm: BigOut });
const Exact = Type.String({
  description: 'Interest before rounding, in minor units, as a fraction',
  examples: ['17477400000000/26280000000'],
});

const Segment = Type.Object({
  from: IsoDate,
  to: IsoDate,
  days: Type.Integer(),
  rate: Nullable(Type.Object({ id: Id('irt'), version: Type.Integer() })),
  dayCount: Nullable(Type.Integer()),
  product: ProductOut,
  tiers: Type.Array(Type.Object({ upTo: Nullable(BigOut), ratePpm: BigOut, product: ProductOut })),
  exact: Exact,
});

/** Interest of an account for some days, as it was settled or would be. */
export const SettlementSchema = Type.Object(
  {
    id: Nullable(Id('int')),
    account: AccountNumber,
    currency: CurrencyCode,
    from: IsoDate,
    to: IsoDate,
    days: Type.Integer(),
    product: ProductOut,
    exact: Exact,
    computed: SumOut,
    interest: SumOut,
    segments: Type.Array(Segment),
    allocation: Nullable(Id('ial')),
    transfer: Nullable(MoveId('trf')),
    businessDate: IsoDate,
    settledAt: InstantOut,
    reversal: Nullable(
      Type.Object({
        transfer: Nullable(MoveId('trf')),
        reason: Type.String(),
        at: InstantOut,
      }),
    ),
    dryRun: Type.Optional(Type.Literal(true)),
  },
  { title: 'InterestSettlement' },
);

const fraction = (exact: bigint): string => `${exact}/${EXACT_PARTS}`;
const transferText = (id: bigint | null) => (id === null ? null : textMoveId('trf', id));

/** Segments as the schema wants them. */
const segmentViews = (segments: readonly InterestSegment[]) =>
  segments.map(({ from, to, days, rate, dayCount, product, tiers, exact }) => ({
    ...{ from, to, days, rate, dayCount, product: `${product}`, exact: fraction(exact) },
    tiers: tiers.map((tier) => ({ ...tier, product: `${tier.product}` })),
  }));

/** A settlement as the schema wants it. */
export function settlementView(
  settlement: Settlement,
  { number, currency, dryRun = false }: { number: string; currency: string; dryRun?: boolean },
): Static<typeof SettlementSchema> {
  const { from, to, product, exact, computed, interest, segments, businessDate } = settlement;
  const { settlementId, allocationId, transferId, reversal, at } = settlement;
  return {
    id: dryRun ? null : settlementTextId(settlementId),
    ...{ account: number, currency, from, to },
    days: segments.reduce((sum, { days }) => sum + days, 0),
    ...{ product: `${product}`, exact: fraction(exact), computed, interest },
    segments: segmentViews(segments),
    allocation: allocationId === null ? null : allocationTextId(allocationId),
    transfer: transferText(transferId),
    ...{ businessDate, settledAt: at },
    reversal: reversal && { ...reversal, transfer: transferText(reversal.transferId) },
    ...(dryRun ? { dryRun } : {}),
  };
}
