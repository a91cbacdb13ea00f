/** Schemas that the routes of fees share with those of flows that charge them. */
import {
  AccountNumber,
  AmountOut,
  CurrencyCode,
  Id,
  InstantOut,
  IsoDate,
  MoveId,
  Nullable,
  SumOut,
  Type,
} from '../http/schemas.ts';
import { BEARERS, ON_REVERSAL, TIMINGS } from './fee-rule.ts';

export const FeeProduct = Type.String({
  pattern: '^[a-z][a-z0-9_]{0,39}$',
  'x-allowed': '1 to 40 small letters, digits and _, with a letter first',
  description: 'What is priced: a word of your own choice',
  examples: ['withdrawal'],
});
export const Bearer = Type.Enum([...BEARERS], {
  description:
    'payer: on top of the amount 付款方. payee: out of it 收款方. platform: from its own money 平台.',
});
export const Timing = Type.Enum([...TIMINGS], {
  description:
    'now: with the transfer 实时. month_end: added up, taken when the month is over 月末.',
});
export const OnReversal = Type.Enum([...ON_REVERSAL], {
  description:
    'When the transfer is reversed: keep, the fee stays 不退. refund: it goes back with it 随冲正退还.',
});

/** A fee that was charged. */
export const FeeCharge = Type.Object(
  {
    id: Nullable(MoveId('fch')),
    cause: Nullable(Type.String({ examples: ['trf_3k9w2m0q1aa'] })),
    product: FeeProduct,
    currency: CurrencyCode,
    amount: AmountOut,
    fee: SumOut,
    bearer: Bearer,
    timing: Timing,
    onReversal: OnReversal,
    account: AccountNumber,
    rule: Type.Object({ id: Id('fee'), version: Type.Integer({ minimum: 1 }) }),
    transfer: Nullable(MoveId('trf')),
    collected: SumOut,
    waived: SumOut,
    refunded: SumOut,
    remaining: SumOut,
    businessDate: IsoDate,
    chargedAt: InstantOut,
  },
  { title: 'FeeCharge' },
);
