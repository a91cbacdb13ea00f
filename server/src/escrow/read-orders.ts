import type { EscrowDeps } from './act.ts';
import { readOrder } from './act.ts';
import { type OrderState, orderUuid } from './order.ts';
import { selectActions, selectOrders } from './store.ts';
import { type ActionView, actionViews, type OrderView, orderViews } from './view.ts';

/** Actions of an order that are shown at most. */
const MAX_ACTIONS = 1000;

/** One order with what happened to it, in order. Throws AppError: `escrow_order_not_found`. */
export async function readEscrowOrder(
  { db }: Pick<EscrowDeps, 'db'>,
  platformId: bigint,
  id: string,
): Promise<OrderView & { readonly actions: readonly ActionView[] }> {
  const order = await readOrder(db, platformId, id);
  const { orderId } = order;
  const actions = await selectActions(db, platformId, { orderId, limit: MAX_ACTIONS });
  const [views, history] = await Promise.all([
    orderViews(db, platformId, [order]),
    actionViews(db, platformId, actions),
  ]);
  const [view] = views;
  if (!view) throw new Error('one order has one view');
  return { ...view, actions: history };
}

/** Orders in the order in which they were paid. `next`: the id to go on after, when there are more. */
export async function listEscrowOrders(
  { db }: Pick<EscrowDeps, 'db'>,
  platformId: bigint,
  filter: {
    reference?: string | undefined;
    state?: OrderState | undefined;
    after?: string | undefined;
    limit: number;
  },
): Promise<{ orders: readonly OrderView[]; next: string | undefined }> {
  const { after, limit, reference, state } = filter;
  const found = await selectOrders(db, platformId, {
    ...{ reference, state, limit: limit + 1 },
    after: after === undefined ? undefined : orderUuid(after),
  });
  const orders = await orderViews(db, platformId, found.slice(0, limit));
  return { orders, next: found.length > limit ? orders.at(-1)?.id : undefined };
}
