import { amount as toAmount } from '../kernel/amount.ts';
import { AppError } from '../kernel/error.ts';
import { type AccountId, readAccounts } from '../ledger/index.ts';
import { accountsById } from '../virtual-accounts/index.ts';
import { type Acted, act, type Decision, type EscrowDeps, type Mode } from './act.ts';
import { escrowAccountRefused, escrowRefundExceeds, escrowRefundUnfunded } from './errors.ts';
import { holdOwner, type Order, remainingOf } from './order.ts';
import { findParties } from './parties.ts';
import { planRefund, type RefundPlan, type RefundSource } from './refund-plan.ts';

/** What is refunded. Minor units. */
export interface RefundInput {
  /** `eso_…` */
  readonly escrowOrder: string;
  /** All that can be refunded from there, unless it is given. */
  readonly amount?: bigint | undefined;
  /** What is put aside comes first; then receivers give back. */
  readonly from: RefundSource;
  /** The numbers of receivers, in the order in which they are asked; all, in the order's own, unless given. */
  readonly receivers?: readonly string[] | undefined;
  /** refuse: all or nothing; partial: a receiver that lacks money gives what it has. */
  readonly whenShort: 'refuse' | 'partial';
}

/**
 * Gives money back to the buyer (退款), before the split, after it, or both in one group.
 *
 * Throws AppError: `request_id_reused`, `escrow_order_not_found`, `escrow_state_refuses`, `account_not_found`,
 * `escrow_account_refused`, `escrow_refund_exceeds`, `escrow_refund_unfunded` (partial, and nobody has anything), and
 * what the ledger refuses: `insufficient_funds` names the receiver that lacks the money.
 */
export function refundOrder(
  deps: EscrowDeps,
  platformId: bigint,
  { escrowOrder, ...input }: RefundInput,
  mode: Mode,
): Promise<Acted> {
  const { amount, from, receivers, whenShort } = input;
  const content = JSON.stringify([amount?.toString(), from, receivers, whenShort]);
  return act(deps, platformId, {
    ...{ escrowOrder, event: 'refund', mode, content },
    decide: (order) => decideRefund(deps, platformId, order, input),
  });
}

/** The move that gives everything back that is put aside. */
export function returnOf(order: Order, amount = remainingOf(order)): Decision {
  const { holdId, buyer, reference } = order;
  const owner = holdOwner(reference);
  return {
    moves: [{ kind: 'release', hold: holdId, amount: toAmount(amount), owner }],
    movements: [{ kind: 'return', role: 'buyer', account: buyer, amount }],
  };
}

async function decideRefund(
  deps: EscrowDeps,
  platformId: bigint,
  order: Order,
  input: Omit<RefundInput, 'escrowOrder'>,
): Promise<Decision> {
  const named = input.receivers?.map((number, i) => ({ number, field: `/receivers/${i}` }));
  const found = named && (await findParties(deps, platformId, named));
  const receivers = input.receivers?.flatMap((number) => found?.get(number)?.accountId ?? []);
  const { amount, from, whenShort } = input;
  const available =
    whenShort === 'partial' ? await readAvailable(deps, platformId, order) : undefined;
  const plan = planRefund(order, { amount, from, receivers, available });
  if (!plan.ok) throw await impossible(deps, platformId, plan);
  const { reference, buyer } = order;
  const held = plan.fromHeld > 0n ? returnOf(order, plan.fromHeld) : { moves: [], movements: [] };
  return {
    moves: [
      ...held.moves,
      ...plan.fromReceivers.map(({ receiver, amount: each }) => ({
        kind: 'transfer' as const,
        code: 'escrow_refund',
        debit: receiver.account,
        credit: buyer,
        amount: toAmount(each),
        reference,
      })),
    ],
    movements: [
      ...held.movements,
      ...plan.fromReceivers.map(({ receiver, amount: each }) => ({
        ...{ kind: 'refund' as const, role: receiver.role },
        ...{ account: receiver.account, amount: each },
      })),
    ],
    outstanding: plan.outstanding,
  };
}

/** What each receiver can give now: nothing where its account may not pay. */
async function readAvailable(
  { db }: EscrowDeps,
  platformId: bigint,
  { receivers }: Order,
): Promise<ReadonlyMap<AccountId, bigint>> {
  const ids = receivers.map(({ account }) => account);
  const now = await readAccounts(db, platformId, ids);
  return new Map(
    ids.map((id) => {
      const account = now.get(id);
      const mayPay = account?.state === 'open' || account?.state === 'credit_stopped';
      return [id, account && mayPay ? account.balance - account.held : 0n];
    }),
  );
}

async function impossible(
  { db }: EscrowDeps,
  platformId: bigint,
  plan: Extract<RefundPlan, { ok: false }>,
): Promise<AppError> {
  switch (plan.problem) {
    case 'exceeds':
      return new AppError(escrowRefundExceeds, { refundable: plan.refundable });
    case 'nothing_available':
      return new AppError(escrowRefundUnfunded, { outstanding: plan.outstanding });
    case 'no_receiver': {
      const facts = await accountsById(db, platformId, [plan.account]);
      const account = facts.get(plan.account)?.number ?? '';
      return new AppError(escrowAccountRefused, { account, reason: 'not_a_receiver' });
    }
  }
}
