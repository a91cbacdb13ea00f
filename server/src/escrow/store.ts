import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { type AccountId, accountId } from '../ledger/index.ts';
import {
  type Order,
  type OrderEvent,
  type OrderState,
  orderState,
  type Receiver,
  type Role,
} from './order.ts';
import { splitFromJson } from './split-json.ts';

/** Which orders to list, in the order in which they were paid. */
export interface OrderFilter {
  readonly orderId?: string | undefined;
  readonly reference?: string | undefined;
  readonly state?: OrderState | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

type OrderRow = Omit<Order, 'buyer' | 'state' | 'split' | 'receivers'> & {
  readonly buyer: bigint;
  readonly state: string;
  readonly split: string;
};

/** Orders with their receivers. */
export async function selectOrders(
  db: Db,
  platformId: bigint,
  { orderId, reference, state, after, limit }: OrderFilter,
): Promise<readonly Order[]> {
  const { rows } = await sql<OrderRow>`
    select order_id as "orderId", reference, buyer_account_id as buyer, amount, hold_id as "holdId", state,
           split_amount as "splitAmount", returned_amount as "returnedAmount",
           refunded_amount as "refundedAmount", split::text as split, max_share_ppm as "maxSharePpm",
           deadline_at as "deadlineAt", deadline_action as "deadlineAction", deadline_tries as "deadlineTries",
           deadline_problem as "deadlineProblem", created_at as "createdAt"
      from escrow_order
     where platform_id = ${platformId}
       ${orderId === undefined ? sql`` : sql`and order_id = ${orderId}`}
       ${reference === undefined ? sql`` : sql`and reference = ${reference}`}
       ${state === undefined ? sql`` : sql`and state = ${state}`}
       ${after === undefined ? sql`` : sql`and order_id > ${after}`}
     order by order_id limit ${limit}`.execute(db);
  const receivers = await selectReceivers(
    db,
    platformId,
    rows.map((row) => row.orderId),
  );
  return rows.map(({ buyer, state: text, split, ...row }) => ({
    ...row,
    buyer: accountId(buyer),
    state: orderState(text),
    split: splitFromJson(split),
    receivers: receivers.get(row.orderId) ?? [],
  }));
}

async function selectReceivers(
  db: Db,
  platformId: bigint,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, readonly Receiver[]>> {
  if (orderIds.length === 0) return new Map();
  const { rows } = await sql<
    Omit<Receiver, 'account'> & { readonly orderId: string; readonly account: bigint }
  >`
    select order_id as "orderId", account_id as account, role, received, refunded from escrow_receiver
     where platform_id = ${platformId} and order_id = any (${[...orderIds]}::uuid[])
     order by order_id, position, account_id`.execute(db);
  const found = rows.map(({ account, ...row }) => ({ ...row, account: accountId(account) }));
  return Map.groupBy(found, ({ orderId }) => orderId);
}

/** Money that an action moved. */
export interface Movement {
  readonly kind: 'split' | 'return' | 'refund';
  readonly account: AccountId;
  readonly role: Role | 'buyer';
  readonly amount: bigint;
  readonly moveId: bigint;
}

/** What happened to an order, and what its request was answered. Minor units. */
export interface Action {
  readonly actionId: string;
  readonly orderId: string;
  readonly requestId: string;
  readonly content: string;
  readonly kind: OrderEvent | 'pay';
  readonly state: OrderState;
  readonly remaining: bigint;
  readonly outstanding: bigint;
  readonly reason: string | null;
  readonly businessDate: string | null;
  readonly at: Date;
  readonly movements: readonly Movement[];
}

/** Actions of an order, in their order, or the one of a request. */
export async function selectActions(
  db: Db,
  platformId: bigint,
  { requestId, orderId, limit }: { requestId?: string; orderId?: string; limit: number },
): Promise<readonly Action[]> {
  const { rows } = await sql<Omit<Action, 'state' | 'movements'> & { readonly state: string }>`
    select action_id as "actionId", order_id as "orderId", request_id as "requestId", content, kind, state,
           remaining, outstanding, reason, business_date as "businessDate", at
      from escrow_action
     where platform_id = ${platformId}
       ${requestId === undefined ? sql`` : sql`and request_id = ${requestId}`}
       ${orderId === undefined ? sql`` : sql`and order_id = ${orderId}`}
     order by order_id, action_id limit ${limit}`.execute(db);
  const movements = await selectMovements(db, platformId, rows);
  return rows.map((row) => ({
    ...row,
    state: orderState(row.state),
    movements: movements.get(row.actionId) ?? [],
  }));
}

async function selectMovements(
  db: Db,
  platformId: bigint,
  actions: readonly Pick<Action, 'orderId' | 'actionId'>[],
): Promise<ReadonlyMap<string, readonly Movement[]>> {
  if (actions.length === 0) return new Map();
  const { rows } = await sql<
    Omit<Movement, 'account'> & { readonly actionId: string; readonly account: bigint }
  >`
    select action_id as "actionId", kind, account_id as account, role, amount, move_id as "moveId"
      from escrow_movement
     where platform_id = ${platformId} and order_id = any (${actions.map(({ orderId }) => orderId)}::uuid[])
       and action_id = any (${actions.map(({ actionId }) => actionId)}::uuid[])
     order by action_id, position`.execute(db);
  const found = rows.map(({ account, ...row }) => ({ ...row, account: accountId(account) }));
  return Map.groupBy(found, ({ actionId }) => actionId);
}

/** Orders whose deadline is to be looked at, the longest due first. */
export async function selectDue(
  db: Db,
  platformId: bigint,
  { at, limit }: { at: Date; limit: number },
): Promise<readonly string[]> {
  const { rows } = await sql<{ orderId: string }>`
    select order_id as "orderId" from escrow_order
     where platform_id = ${platformId} and state = 'held' and due_at <= ${at}
     order by due_at limit ${limit}`.execute(db);
  return rows.map(({ orderId }) => orderId);
}

/** Notes that a deadline could not be kept at its `tries`th try, and when it is tried again; null: not by itself. */
export async function noteDeadlineProblem(
  db: Db,
  platformId: bigint,
  {
    orderId,
    tries,
    problem,
    dueAt,
  }: { orderId: string; tries: number; problem: string; dueAt: Date | null },
): Promise<void> {
  await sql`
    update escrow_order set deadline_tries = ${tries}::integer + 1, deadline_problem = ${problem}, due_at = ${dueAt}
     where platform_id = ${platformId} and order_id = ${orderId} and deadline_tries = ${tries}`.execute(
    db,
  );
}
