import { brokenUnique } from '../db/database.ts';
import { amount as toAmount } from '../kernel/amount.ts';
import { AppError } from '../kernel/error.ts';
import { type AccountId, documentOf } from '../ledger/index.ts';
import { submitLimited } from '../limits/index.ts';
import {
  type Acted,
  actedBefore,
  digestOf,
  type EscrowDeps,
  type Mode,
  refused,
  submitted,
} from './act.ts';
import { escrowAccountRefused, escrowDeadlinePassed, escrowReferenceTaken } from './errors.ts';
import { holdOwner, type SplitPart } from './order.ts';
import { findParties, payoutsOf } from './parties.ts';
import { type PaymentRecord, paymentWriter, REFERENCE_ONCE } from './pay-document.ts';
import { splitToJson } from './split-json.ts';
import { type Action, selectOrders } from './store.ts';

/** An order as it is paid. Minor units; accounts by number. */
export interface PayInput {
  readonly reference: string;
  readonly buyer: string;
  readonly sellers: readonly string[];
  readonly amount: bigint;
  /** Who gets what when it is released; a confirmation may say otherwise. */
  readonly split: readonly SplitPart[];
  /** What commission and partners may get together of each release, in parts per million. */
  readonly maxSharePpm: number;
  readonly deadline?: { readonly at: Date; readonly action: 'release' | 'refund' } | undefined;
}

/**
 * Opens an escrow order and puts the buyer's money aside for it, in one commit: a hold without an expiry, which
 * only the order can release or capture.
 *
 * Throws AppError: `request_id_reused`, `account_not_found`, `public_account_refused`, `escrow_account_refused`,
 * `escrow_split_impossible`, `escrow_share_exceeded`, `escrow_deadline_passed`, `escrow_reference_taken`, and what the
 * ledger refuses: `account_closed`, `account_stopped`, `insufficient_funds`, `frozen_by_order`; and `counterparty_refused`,
 * `limit_exceeded`.
 */
export async function payOrder(
  deps: EscrowDeps,
  platformId: bigint,
  input: PayInput,
  mode: Mode,
): Promise<Acted> {
  const content = contentOf(input);
  const before = () =>
    mode.dryRun ? undefined : actedBefore(deps, platformId, mode.requestId, content);
  const earlier = await before();
  if (earlier) return earlier;
  const record = await recordOf(deps, platformId, { input, mode, content });
  const { reference, buyer, amount } = record;
  const moves = [
    {
      kind: 'hold' as const,
      account: buyer,
      amount: toAmount(amount),
      reason: 'escrow',
      owner: holdOwner(reference),
    },
  ];
  const payees = record.sellers;
  const acts = [{ kind: 'escrow_pay' as const, moveIndex: 0, payer: buyer, payees, amount }];
  if (mode.dryRun) {
    const answer = await submitLimited(deps, platformId, {
      acts: () => acts,
      submit: ({ barred }) => deps.ledger.preview({ platformId, moves, barred }),
    });
    if (!answer.accepted) throw await refused(deps, platformId, answer);
    const { businessDate } = answer;
    return { action: foretold(deps, record, businessDate), repeated: false, dryRun: true };
  }
  const document = documentOf(paymentWriter, record);
  const { requestId } = mode;
  try {
    await submitted(deps, { platformId, requestId, moves, context: content, document, acts });
  } catch (error) {
    if (brokenUnique(error) !== REFERENCE_ONCE) throw error;
    const faster = await before();
    if (faster) return faster;
    throw taken(reference);
  }
  const done = await before();
  if (!done) throw new Error(`the payment of ${reference} left no action behind`);
  return { ...done, repeated: done.action.actionId !== record.actionId };
}

const contentOf = (input: PayInput): string => {
  const { split, amount, ...rest } = input;
  const content = JSON.stringify([rest, `${amount}`, splitToJson(split)]);
  return digestOf({ escrowOrder: '', event: 'pay', content });
};

const taken = (reference: string) =>
  new AppError(escrowReferenceTaken, { reference, field: '/reference' });

async function recordOf(
  deps: EscrowDeps,
  platformId: bigint,
  { input, mode, content }: { input: PayInput; mode: Mode; content: string },
): Promise<PaymentRecord> {
  const { reference, amount, split, maxSharePpm, deadline } = input;
  const { buyer, sellers } = await findBuyerAndSellers(deps, platformId, input);
  const order = { parts: split, amount, maxSharePpm, buyer, sellers: new Set(sellers) };
  await payoutsOf(deps, platformId, order);
  if (deadline && deadline.at <= deps.clock.now()) {
    const facts = { deadlineAt: deadline.at.toISOString(), field: '/deadline/at' };
    throw new AppError(escrowDeadlinePassed, facts);
  }
  const [other] = await selectOrders(deps.db, platformId, { reference, limit: 1 });
  if (other) throw taken(reference);
  return {
    ...{ orderId: deps.newUuid(), actionId: deps.newUuid() },
    requestId: mode.dryRun ? '' : mode.requestId,
    ...{
      origin: deps.origin,
      content,
      reference,
      buyer,
      amount,
      split,
      maxSharePpm,
      deadline,
      sellers,
    },
  };
}

async function findBuyerAndSellers(
  deps: EscrowDeps,
  platformId: bigint,
  { buyer: buyerNumber, sellers: numbers }: PayInput,
): Promise<{ buyer: AccountId; sellers: readonly AccountId[] }> {
  const found = await findParties(deps, platformId, [
    { number: buyerNumber, field: '/buyer' },
    ...numbers.map((number, i) => ({ number, field: `/sellers/${i}` })),
  ]);
  const sellers = numbers.flatMap((number) => found.get(number)?.accountId ?? []);
  const [buyer] = [buyerNumber].flatMap((number) => found.get(number)?.accountId ?? []);
  if (buyer === undefined) throw new Error('a buyer that was found has an account');
  const refuse = (account: string, reason: 'is_the_buyer' | 'twice') =>
    new AppError(escrowAccountRefused, { account, reason });
  if (sellers.includes(buyer)) throw refuse(buyerNumber, 'is_the_buyer');
  const second = numbers.find((number, i) => numbers.indexOf(number) < i);
  if (second !== undefined) throw refuse(second, 'twice');
  return { buyer, sellers };
}

function foretold(
  { clock }: EscrowDeps,
  { orderId, actionId, requestId, content, amount }: PaymentRecord,
  businessDate: string,
): Action {
  return {
    ...{ orderId, actionId, requestId, content, businessDate },
    ...{ kind: 'pay', state: 'held', remaining: amount, outstanding: 0n, reason: null },
    ...{ at: clock.now(), movements: [] },
  };
}
