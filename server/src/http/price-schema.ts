/** Prices in bodies and answers: what fee rules and rails share. */
import { type Static, Type } from 'typebox';
import { MAX_BANDS, MAX_FIXED_PRICE, MILLION, type Price, ROUNDINGS } from '../kernel/price.ts';

const CLOSED = { additionalProperties: false } as const;
const Money = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number(MAX_FIXED_PRICE), description });
const Fixed = Money('Minor units (CNY: fen 分), whatever the amount');
const RatePpm = Type.Integer({
  ...{ minimum: 0, maximum: Number(MILLION), examples: [6000] },
  description: 'Parts per million of the amount 百万分之几: 6000 is 0.6 %',
});
const orNull = (schema: ReturnType<typeof Type.Integer>) =>
  Type.Unsafe<number | null>({ ...schema, type: ['integer', 'null'] });
const UpTo = Type.Integer({
  ...{ minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
  description: 'The largest amount of the band, inclusive; null in the last one',
});

/** A price that arrives. `priceOfBody` makes it a Price. */
export const PriceIn = Type.Object(
  {
    fixed: Type.Optional(Fixed),
    ratePpm: Type.Optional(RatePpm),
    tiers: Type.Optional(
      Type.Object(
        {
          mode: Type.Enum(['whole', 'marginal'], {
            description:
              'whole: the band of the amount prices all of it 全额. marginal: each band prices its part 超额分段.',
          }),
          bands: Type.Array(
            Type.Object(
              {
                upTo: orNull(UpTo),
                fixed: Type.Optional(Fixed),
                ratePpm: Type.Optional(RatePpm),
              },
              CLOSED,
            ),
            { minItems: 1, maxItems: MAX_BANDS },
          ),
        },
        CLOSED,
      ),
    ),
    min: Type.Optional(Money('The least that is taken 最低收费')),
    max: Type.Optional(Money('The most that is taken 最高收费')),
    rounding: Type.Optional(
      Type.Enum([...ROUNDINGS], {
        description: 'Once, of the exact sum: half_up 四舍五入 (when left out), up 进位, down 舍去',
      }),
    ),
  },
  {
    ...CLOSED,
    description: 'fixed + ratePpm of the amount + the tiers, rounded once, then min and max',
  },
);

const Exact = Type.Unsafe<bigint>(Type.Integer());
const ExactOrNull = Type.Unsafe<bigint | null>({ type: 'integer', nullable: true });
/** A price that leaves. */
export const PriceOut = Type.Object({
  fixed: Exact,
  ratePpm: Exact,
  tiers: Type.Unsafe<Price['tiers']>({
    ...Type.Object({
      mode: Type.Enum(['whole', 'marginal']),
      bands: Type.Array(Type.Object({ upTo: ExactOrNull, fixed: Exact, ratePpm: Exact })),
    }),
    type: ['object', 'null'],
  }),
  min: ExactOrNull,
  max: ExactOrNull,
  rounding: Type.Enum([...ROUNDINGS]),
});

/** The price of a body: what was left out is nothing, and half a minor unit goes up. */
export function priceOfBody(body: Static<typeof PriceIn>): Price {
  const { fixed = 0, ratePpm = 0, tiers, min, max, rounding = 'half_up' } = body;
  return {
    fixed: BigInt(fixed),
    ratePpm: BigInt(ratePpm),
    tiers: tiers
      ? {
          mode: tiers.mode,
          bands: tiers.bands.map((band) => ({
            upTo: band.upTo === null ? null : BigInt(band.upTo),
            fixed: BigInt(band.fixed ?? 0),
            ratePpm: BigInt(band.ratePpm ?? 0),
          })),
        }
      : null,
    min: min === undefined ? null : BigInt(min),
    max: max === undefined ? null : BigInt(max),
    rounding,
  };
}
