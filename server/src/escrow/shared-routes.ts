/** Schemas and translations of the routes of escrow orders. */
import type { FastifyReply } from 'fastify';
import { FeeProduct } from '../fees/index.ts';
import {
  AccountNumber,
  AmountIn,
  AmountOut,
  BalanceOut,
  CLOSED,
  Id,
  InstantOut,
  IsoDate,
  invalid,
  MAX_TEXT,
  MoveId,
  markReplayed,
  Nullable,
  requestIdOf,
  type Static,
  Text,
  Type,
} from '../http/schemas.ts';
import { WHOLE_PPM } from '../kernel/split.ts';
import type { EscrowDeps } from './act.ts';
import { type Acted, isRepeatedRefusal, type Mode } from './act.ts';
import type { PartShare, SplitPart } from './order.ts';
import { type ActionView, actionViews } from './view.ts';

/** Lines of a split, sellers of an order, and steps of a tier, at most. */
const MAX_PARTS = 50;
const MAX_TIERS = 10;

/** Parts per million: 1% is 10,000. */
export const Ppm = Type.Integer({
  minimum: 0,
  maximum: WHOLE_PPM,
  description: 'Parts per million: 1% is 10000',
  examples: [50_000],
});
const Role = Type.Enum(['seller', 'commission', 'partner']);
const Tier = Type.Object({ upTo: Type.Optional(AmountIn), ratioPpm: Ppm }, CLOSED);

/** One line of a split that arrives: exactly one of amount, ratioPpm, tiers, feeProduct and remainderWeight. */
export const SplitIn = Type.Array(
  Type.Object(
    {
      role: Role,
      account: AccountNumber,
      amount: Type.Optional(AmountIn),
      ratioPpm: Type.Optional(Ppm),
      tiers: Type.Optional(Type.Array(Tier, { minItems: 1, maxItems: MAX_TIERS })),
      feeProduct: Type.Optional(FeeProduct),
      remainderWeight: Type.Optional(Type.Integer({ minimum: 1, maximum: WHOLE_PPM })),
      atMost: Type.Optional(AmountIn),
    },
    CLOSED,
  ),
  {
    minItems: 1,
    maxItems: MAX_PARTS,
    description:
      'Who gets what. Each line has exactly one of amount, ratioPpm, tiers (each step counts for what lies in it), ' +
      'feeProduct (a commission by its fee rule, of what is released) and remainderWeight. Ratios and tiers are rounded down; what is left goes to the remainder. atMost cuts a ' +
      'ratio or tiers.',
  },
);
export const Accounts = Type.Array(AccountNumber, { minItems: 1, maxItems: MAX_PARTS });
export const Reference = Text({ max: MAX_TEXT.reference, examples: ['order-20261123-0001'] });

/** The split that a body asks for. Throws a 400 for a line without exactly one share, or with tiers out of order. */
export function splitOf(lines: Static<typeof SplitIn>): readonly SplitPart[] {
  return lines.map((line, i) => ({
    role: line.role,
    account: line.account,
    share: shareOf(line, `/split/${i}`),
  }));
}

function shareOf(line: Static<typeof SplitIn>[number], at: string): PartShare {
  const { amount, ratioPpm, tiers, remainderWeight, feeProduct } = line;
  const shares = [amount, ratioPpm, tiers, remainderWeight, feeProduct];
  const given = shares.filter((each) => each !== undefined);
  if (given.length !== 1) {
    throw invalid(
      at,
      'must have exactly one of amount, ratioPpm, tiers, feeProduct and remainderWeight',
    );
  }
  const atMost = optionalAmount(line.atMost);
  if (ratioPpm !== undefined) return { kind: 'ratio', ppm: ratioPpm, atMost };
  if (tiers !== undefined) return { kind: 'tiers', tiers: tiersOf(tiers, `${at}/tiers`), atMost };
  if (atMost !== undefined) throw invalid(`${at}/atMost`, 'goes with ratioPpm or tiers only');
  if (amount !== undefined) return { kind: 'amount', amount: BigInt(amount) };
  if (feeProduct !== undefined) {
    if (line.role === 'commission') return { kind: 'feeRule', product: feeProduct };
    throw invalid(`${at}/feeProduct`, 'goes with the role commission only');
  }
  return { kind: 'remainder', weight: remainderWeight ?? 1 };
}

function tiersOf(tiers: readonly Static<typeof Tier>[], at: string) {
  const ends = tiers.map(({ upTo }) => optionalAmount(upTo));
  for (const [i, end] of ends.entries()) {
    const isLast = i === ends.length - 1;
    const before = ends[i - 1] ?? 0n;
    if (isLast ? end !== undefined : end === undefined || end <= before) {
      throw invalid(`${at}/${i}/upTo`, 'must rise from step to step, and be left out of the last');
    }
  }
  return tiers.map(({ ratioPpm }, i) => ({ upTo: ends[i], ppm: ratioPpm }));
}

/** Minor units, or nothing. */
export const optionalAmount = (value: number | undefined): bigint | undefined =>
  value === undefined ? undefined : BigInt(value);

const OrderStateOut = Type.Enum(['held', 'disputed', 'settled', 'finished']);

export { OrderStateOut as OrderStateIn };

/** The answer to whatever is done to an order. */
const ActionFields = {
  id: Nullable(Id('esa')),
  escrowOrder: Nullable(Id('eso')),
  kind: Type.Enum(['pay', 'confirm', 'refund', 'dispute', 'resolve', 'finish', 'deadline']),
  state: OrderStateOut,
  remaining: BalanceOut,
  outstanding: BalanceOut,
  reason: Nullable(Type.String()),
  movements: Type.Array(
    Type.Object({
      kind: Type.Enum(['split', 'return', 'refund']),
      role: Type.Enum(['seller', 'commission', 'partner', 'buyer']),
      account: Nullable(AccountNumber),
      amount: AmountOut,
      transferId: Nullable(MoveId('trf')),
    }),
  ),
  businessDate: Nullable(IsoDate),
  at: InstantOut,
  dryRun: Type.Optional(Type.Literal(true)),
};
export const EscrowAction = Type.Object(ActionFields, { title: 'EscrowAction' });

const OrderFields = {
  id: Id('eso'),
  reference: Type.String(),
  buyer: AccountNumber,
  amount: AmountOut,
  hold: MoveId('hld'),
  state: OrderStateOut,
  remaining: BalanceOut,
  splitAmount: BalanceOut,
  returnedAmount: BalanceOut,
  refundedAmount: BalanceOut,
  maxSharePpm: Type.Integer(),
  deadlineAt: Nullable(InstantOut),
  deadlineAction: Nullable(Type.String()),
  deadlineProblem: Nullable(Type.String()),
  receivers: Type.Array(
    Type.Object({
      account: AccountNumber,
      role: Role,
      received: BalanceOut,
      refunded: BalanceOut,
    }),
  ),
  createdAt: InstantOut,
};
export const EscrowOrder = Type.Object(OrderFields, { title: 'EscrowOrder' });
export const EscrowOrderHistory = Type.Object(
  { ...OrderFields, actions: Type.Array(Type.Object(ActionFields)) },
  { title: 'EscrowOrderHistory' },
);

/** Whether a request asks to do it, and under which request id. Throws `idempotency_key_required`. */
export function modeOf(request: {
  query: { dryRun: boolean };
  headers: { 'idempotency-key'?: string | undefined };
}): Mode {
  return request.query.dryRun ? { dryRun: true } : { requestId: requestIdOf(request) };
}

/** The answer, with the header that says when it is the answer of before; a refusal is an answer too. */
export async function answered(
  { db }: Pick<EscrowDeps, 'db'>,
  platformId: bigint,
  reply: FastifyReply,
  work: Promise<Acted>,
): Promise<ActionView & { movements: ActionView['movements'][number][] }> {
  try {
    const { action, repeated, dryRun } = await work;
    markReplayed(reply, repeated);
    const [view] = await actionViews(db, platformId, [action], { dryRun });
    if (!view) throw new Error('one action has one view');
    return { ...view, movements: [...view.movements] };
  } catch (error) {
    markReplayed(reply, isRepeatedRefusal(error));
    throw error;
  }
}
