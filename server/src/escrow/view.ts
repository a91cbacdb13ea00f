import type { Db } from '../db/database.ts';
import { textId, textMoveId } from '../kernel/id.ts';
import { accountsById } from '../virtual-accounts/index.ts';
import type { Acted } from './act.ts';
import { type Order, orderTextId, remainingOf } from './order.ts';
import type { Action } from './store.ts';

/** What happened to an order, as its request is answered: the same for every repeat. Minor units. */
export interface ActionView {
  /** `esa_…`; null on a dry run. */
  readonly id: string | null;
  /** `eso_…`; null when a dry run foretells a payment. */
  readonly escrowOrder: string | null;
  readonly kind: Action['kind'];
  readonly state: Action['state'];
  readonly remaining: bigint;
  readonly outstanding: bigint;
  readonly reason: string | null;
  readonly movements: readonly {
    readonly kind: 'split' | 'return' | 'refund';
    readonly role: 'seller' | 'commission' | 'partner' | 'buyer';
    readonly account: string | null;
    readonly amount: bigint;
    /** Null on a dry run, and for what only left the hold. */
    readonly transferId: string | null;
  }[];
  readonly businessDate: string | null;
  readonly at: Date;
  readonly dryRun?: true;
}

/** Actions as people and programs see them. */
export async function actionViews(
  db: Db,
  platformId: bigint,
  actions: readonly Action[],
  { dryRun = false }: Partial<Pick<Acted, 'dryRun'>> = {},
): Promise<readonly ActionView[]> {
  const ids = actions.flatMap(({ movements }) => movements.map(({ account }) => account));
  const accounts = await accountsById(db, platformId, ids);
  return actions.map(({ movements, actionId, orderId, ...action }) => ({
    id: dryRun ? null : textId('esa', actionId),
    escrowOrder: dryRun && action.kind === 'pay' ? null : orderTextId(orderId),
    kind: action.kind,
    state: action.state,
    remaining: action.remaining,
    outstanding: action.outstanding,
    reason: action.reason,
    movements: movements.map(({ kind, role, account, amount, moveId }) => ({
      ...{ kind, role, amount },
      account: accounts.get(account)?.number ?? null,
      transferId: dryRun || kind === 'return' ? null : textMoveId('trf', moveId),
    })),
    businessDate: action.businessDate,
    at: action.at,
    ...(dryRun ? { dryRun: true as const } : {}),
  }));
}

/** An order as people and programs see it. Minor units; accounts by number. */
export interface OrderView
  extends Omit<Order, 'orderId' | 'buyer' | 'holdId' | 'receivers' | 'deadlineTries'> {
  /** `eso_…` */
  readonly id: string;
  readonly buyer: string;
  /** `hld_…` */
  readonly hold: string;
  /** What is still put aside: neither split nor returned. */
  readonly remaining: bigint;
  readonly receivers: readonly (Omit<Order['receivers'][number], 'account'> & {
    readonly account: string;
  })[];
}

/** Orders as people and programs see them. */
export async function orderViews(
  db: Db,
  platformId: bigint,
  orders: readonly Order[],
): Promise<readonly OrderView[]> {
  const ids = orders.flatMap(({ buyer, receivers }) => [
    buyer,
    ...receivers.map(({ account }) => account),
  ]);
  const accounts = await accountsById(db, platformId, ids);
  const numberOf = (id: Order['buyer']) => accounts.get(id)?.number ?? '';
  return orders.map(({ orderId, buyer, holdId, receivers, deadlineTries: _tries, ...order }) => ({
    ...order,
    id: orderTextId(orderId),
    buyer: numberOf(buyer),
    hold: textMoveId('hld', holdId),
    remaining: remainingOf(order),
    receivers: receivers.map(({ account, ...each }) => ({ ...each, account: numberOf(account) })),
  }));
}
