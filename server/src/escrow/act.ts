import { hash } from 'node:crypto';
import { CompiledQuery } from 'kysely';
import type { Originated } from '../audit/index.ts';
import { brokenUnique, type Db, isDocumentConflict } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import type { NewUuid } from '../kernel/id.ts';
import {
  type Answer,
  accountId,
  busy,
  documentOf,
  type Ledger,
  type LedgerRequest,
  type Move,
  type RefusedAnswer,
  refusalError,
  refusalErrors,
} from '../ledger/index.ts';
import { type Act as LimitedAct, submitLimited } from '../limits/index.ts';
import { accountsById } from '../virtual-accounts/index.ts';
import {
  type ActionRecord,
  actionStatement,
  actionWriter,
  REQUEST_ONCE,
} from './action-document.ts';
import { escrowOrderNotFound, escrowRemainingInsufficient, escrowStateRefuses } from './errors.ts';
import {
  nextState,
  type Order,
  type OrderEvent,
  orderTextId,
  orderUuid,
  remainingOf,
  statesFor,
} from './order.ts';
import { type Action, type Movement, selectActions, selectOrders } from './store.ts';

/** What the use cases of escrow orders need. */
export interface EscrowDeps extends Originated {
  readonly db: Db;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly newUuid: NewUuid;
}

/** Whether to do it, and under which request id, or to decide the same way and change nothing. */
export type Mode =
  | { readonly dryRun?: false; readonly requestId: string }
  | { readonly dryRun: true };

/** An action, and whether its request was answered with it before. `dryRun`: nothing was kept. */
export interface Acted {
  readonly action: Action;
  readonly repeated: boolean;
  readonly dryRun: boolean;
}

/** What is to be done about an order: money that moves, each move with what it is for. */
export interface Decision {
  readonly moves: readonly Move[];
  readonly movements: readonly Omit<Movement, 'moveId'>[];
  readonly outstanding?: bigint;
}

/** Something that happens to an order. */
export interface Act {
  /** `eso_…` */
  readonly escrowOrder: string;
  readonly event: OrderEvent;
  readonly mode: Mode;
  /** What was asked, as JSON text: part of what makes a repeat. */
  readonly content: string;
  readonly reason?: string | undefined;
  readonly decide: (order: Order) => Decision | Promise<Decision>;
}

/** Tries while others change the same order; each of them got on meanwhile. */
const MAX_TRIES = 8;

/**
 * Does something about an order: reads it, decides, and commits the money with its document. When the order changed
 * meanwhile, nothing was done, and it is decided again on what it is now.
 *
 * Throws AppError: `request_id_reused`, `escrow_order_not_found`, `escrow_state_refuses`, what `decide` throws, what
 * the ledger refuses, `busy`.
 */
export async function act(deps: EscrowDeps, platformId: bigint, asked: Act): Promise<Acted> {
  const { mode } = asked;
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    if (!mode.dryRun) {
      const before = await actedBefore(deps, platformId, mode.requestId, digestOf(asked));
      if (before) return before;
    }
    const decided = await decideOn(deps, platformId, asked);
    // The same request at the same time may be what left the order as it is now.
    if ('action' in decided) return decided;
    const { order, decision } = decided;
    if (mode.dryRun) return foretell(deps, platformId, { asked, order, decision });
    const record = recordOf(deps, { asked, order, decision, requestId: mode.requestId });
    try {
      await carryOut(deps, platformId, { moves: decision.moves, record });
      const done = await actedBefore(deps, platformId, mode.requestId, record.content);
      if (done) return { ...done, repeated: done.action.actionId !== record.actionId };
    } catch (error) {
      if (!isDocumentConflict(error) && brokenUnique(error) !== REQUEST_ONCE) throw error;
    }
  }
  throw new AppError(busy, { retryAfterSeconds: 1 });
}

/** Decides on the order as it is; or gives what the same request did, when that is why it may not be done again. */
async function decideOn(
  deps: EscrowDeps,
  platformId: bigint,
  asked: Act,
): Promise<{ readonly order: Order; readonly decision: Decision } | Acted> {
  try {
    const order = await readOrder(deps.db, platformId, asked.escrowOrder);
    refuseState(order, asked.event);
    return { order, decision: await asked.decide(order) };
  } catch (error) {
    const { requestId } = { requestId: undefined, ...asked.mode };
    if (requestId === undefined || !(error instanceof AppError)) throw error;
    const done = await actedBefore(deps, platformId, requestId, digestOf(asked));
    if (done) return done;
    throw error;
  }
}

/** What a request did before; undefined when it is new. Throws `request_id_reused` when it asked for something else. */
export async function actedBefore(
  { db }: Pick<EscrowDeps, 'db'>,
  platformId: bigint,
  requestId: string,
  content: string,
): Promise<Acted | undefined> {
  const [action] = await selectActions(db, platformId, { requestId, limit: 1 });
  if (!action) return undefined;
  if (action.content !== content) throw new AppError(refusalErrors.request_id_reused, {});
  return { action, repeated: true, dryRun: false };
}

/** One order by `eso_…`. Throws AppError: `escrow_order_not_found`. */
export async function readOrder(db: Db, platformId: bigint, escrowOrder: string): Promise<Order> {
  const orderId = orderUuid(escrowOrder);
  const [order] =
    orderId === undefined ? [] : await selectOrders(db, platformId, { orderId, limit: 1 });
  if (!order) throw new AppError(escrowOrderNotFound, { escrowOrder });
  return order;
}

/** A digest of what is asked. */
export function digestOf({
  escrowOrder,
  event,
  content,
  reason,
}: Pick<Act, 'escrowOrder' | 'content' | 'reason'> & { readonly event: string }): string {
  return hash('sha256', JSON.stringify([escrowOrder, event, content, reason ?? null]), 'hex');
}

function refuseState({ orderId, state }: Order, event: OrderEvent): void {
  if (statesFor(event).includes(state)) return;
  const escrowOrder = orderTextId(orderId);
  throw new AppError(escrowStateRefuses, { escrowOrder, state, action: event });
}

function recordOf(
  { newUuid, clock, origin }: EscrowDeps,
  given: { asked: Act; order: Order; decision: Decision; requestId: string },
): ActionRecord {
  const { asked, order, decision, requestId } = given;
  return {
    orderId: order.orderId,
    actionId: newUuid(),
    requestId,
    content: digestOf(asked),
    event: asked.event,
    origin,
    at: clock.now(),
    reason: asked.reason,
    outstanding: decision.outstanding,
    movements: decision.movements,
  };
}

async function carryOut(
  deps: EscrowDeps,
  platformId: bigint,
  { moves, record }: { moves: readonly Move[]; record: ActionRecord },
): Promise<void> {
  if (moves.length === 0) {
    const written = { row: record, moveIds: [], businessDate: undefined };
    const { text, values } = actionStatement(platformId, [written]);
    await deps.db.executeQuery(CompiledQuery.raw(text, [...values]));
    return;
  }
  const { requestId, content } = record;
  const document = documentOf(actionWriter, record);
  await submitted(deps, { platformId, requestId, moves, context: content, document });
}

/**
 * Submits, and throws what is refused. A request id that the ledger knows with other moves may be the same request,
 * which was faster elsewhere and left another order behind: then the caller finds its action.
 */
export async function submitted(
  deps: EscrowDeps,
  { acts, ...request }: LedgerRequest & { readonly acts?: readonly LimitedAct[] },
): Promise<void> {
  const { platformId, requestId } = request;
  const answer = acts
    ? await submitLimited(deps, platformId, {
        acts: () => acts,
        submit: ({ document: usage, ...guard }) => {
          const document = usage ? [usage, request.document ?? []].flat() : request.document;
          return deps.ledger.submit({ ...request, ...guard, document });
        },
      })
    : await deps.ledger.submit(request);
  if (answer.accepted) return;
  if (answer.refusal.code === 'request_id_reused') {
    const [done] = await selectActions(deps.db, platformId, { requestId, limit: 1 });
    if (done) return;
  }
  throw await refused(deps, platformId, answer);
}

async function foretell(
  deps: EscrowDeps,
  platformId: bigint,
  { asked, order, decision }: { asked: Act; order: Order; decision: Decision },
): Promise<Acted> {
  const { moves } = decision;
  const answer = moves.length > 0 ? await deps.ledger.preview({ platformId, moves }) : undefined;
  if (answer && !answer.accepted) throw await refused(deps, platformId, answer);
  const record = recordOf(deps, { asked, order, decision, requestId: '' });
  const gone = decision.movements.reduce(
    (sum, { kind, amount }) => (kind === 'refund' ? sum : sum + amount),
    0n,
  );
  const remaining = remainingOf(order) - gone;
  return { repeated: false, dryRun: true, action: foretold(record, { answer, order, remaining }) };
}

function foretold(
  record: ActionRecord,
  { answer, order, remaining }: { answer: Answer | undefined; order: Order; remaining: bigint },
): Action {
  return {
    ...record,
    kind: record.event,
    state: nextState(order.state, record.event, remaining) ?? order.state,
    remaining,
    reason: record.reason ?? null,
    outstanding: record.outstanding ?? 0n,
    businessDate: answer?.accepted ? answer.businessDate : null,
    movements: record.movements.map((each) => ({ ...each, moveId: 0n })),
  };
}

/** Refusals that were given before, by the error that says them again. */
const repeatedRefusals = new WeakSet<Error>();

/** True for a refusal that repeats the answer of an earlier request: edges mark those. */
export function isRepeatedRefusal(error: unknown): boolean {
  return error instanceof AppError && repeatedRefusals.has(error);
}

/** The error of what the ledger refused, with the numbers of accounts. */
export async function refused(
  { db }: Pick<EscrowDeps, 'db'>,
  platformId: bigint,
  { refusal, repeated }: RefusedAnswer,
): Promise<AppError> {
  const values: unknown[] = Object.values(refusal);
  const ids = values.filter((value) => typeof value === 'bigint').map(accountId);
  const accounts = await accountsById(db, platformId, ids);
  const error =
    refusal.code === 'hold_insufficient'
      ? new AppError(escrowRemainingInsufficient, { remaining: refusal.remaining })
      : refusalError(refusal, (id) => accounts.get(accountId(id))?.number);
  if (repeated) repeatedRefusals.add(error);
  return error;
}
