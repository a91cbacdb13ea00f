import { AppError } from '../kernel/error.ts';
import { act, type EscrowDeps, readOrder } from './act.ts';
import { releaseOf } from './confirm.ts';
import { escrowStateRefuses } from './errors.ts';
import { type Order, orderTextId } from './order.ts';
import { returnOf } from './refund.ts';
import { noteDeadlineProblem, selectDue } from './store.ts';

/** Orders that one sweep looks at; the next one takes the rest. */
const ORDERS_PER_SWEEP = 200;
/** Tries of a deadline that is refused (an account is stopped, say); then it waits for a person. */
const MAX_TRIES = 10;
/** The pause after the first refusal; it doubles. */
const FIRST_PAUSE_MS = 60_000;

/**
 * Releases or refunds, in whole, what remains of orders whose deadline has passed, and says how many. What is owed
 * is found in the table; the request id is made of the order and its try, so that two servers do it once, and the
 * document is written only while the order is still due: whoever disputes it first wins. What is refused is noted on
 * the order and tried again later.
 */
export async function keepDeadlines(deps: EscrowDeps, platformId: bigint): Promise<number> {
  const at = deps.clock.now();
  const due = await selectDue(deps.db, platformId, { at, limit: ORDERS_PER_SWEEP });
  const failures: unknown[] = [];
  let kept = 0;
  for (const orderId of due) {
    try {
      if (await keepDeadline(deps, platformId, orderId)) kept += 1;
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'for some escrow orders');
  return kept;
}

async function keepDeadline(deps: EscrowDeps, platformId: bigint, orderId: string) {
  const escrowOrder = orderTextId(orderId);
  const { deadlineTries: tries } = await readOrder(deps.db, platformId, escrowOrder);
  const requestId = `escrow/${orderId}/deadline/${tries}`;
  const decide = (order: Order) =>
    order.deadlineAction === 'release' ? releaseOf(deps, platformId, order, {}) : returnOf(order);
  try {
    const asked = {
      escrowOrder,
      event: 'deadline',
      mode: { requestId },
      content: '',
      decide,
    } as const;
    await act(deps, platformId, asked);
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, kind } = error.definition;
    // Somebody was faster: there is nothing to keep any more.
    if (code === escrowStateRefuses.code) return false;
    if (kind === 'unavailable' || kind === 'unknown') throw error;
    const pauseMs = FIRST_PAUSE_MS * 2 ** tries;
    const dueAt = tries + 1 < MAX_TRIES ? new Date(deps.clock.now().getTime() + pauseMs) : null;
    await noteDeadlineProblem(deps.db, platformId, { orderId, tries, problem: code, dueAt });
    return false;
  }
}
