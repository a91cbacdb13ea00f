import {
  CLOSED,
  DryRunQuery,
  IdempotencyHeaders,
  MoveId,
  Nullable,
  type Routes,
  type Static,
  SumOut,
  Type,
} from '../http/schemas.ts';
import type { AppError } from '../kernel/error.ts';
import { refusalErrors } from '../ledger/index.ts';
import { type BatchItemResult, MAX_BATCH_ITEMS, submitBatch } from './batch.ts';
import type { BatchItem } from './batch-run.ts';
import { holdOwnerReserved } from './errors.ts';
import {
  CaptureBody,
  HoldAnswerOrNull,
  HoldBody,
  instantOf,
  modeOf,
  paymentProblems,
  ReleaseBody,
  replaying,
  TransferBody,
  TransferOrNull,
} from './shared-routes.ts';
import type { TransferDeps } from './submit.ts';

const hold = MoveId('hld');
const Item = Type.Union([
  Type.Object({ type: Type.Literal('transfer'), ...TransferBody }, CLOSED),
  Type.Object({ type: Type.Literal('hold'), ...HoldBody }, CLOSED),
  Type.Object({ type: Type.Literal('release'), hold, ...ReleaseBody }, CLOSED),
  Type.Object({ type: Type.Literal('capture'), hold, ...CaptureBody }, CLOSED),
]);
/** Why an item was refused: the members of a problem, without what belongs to the whole answer. */
const ItemProblem = Type.Unsafe<Readonly<Record<string, unknown>>>(
  Type.Object(
    {
      type: Type.String(),
      code: Type.String(),
      titles: Type.Object({ en: Type.String(), zh: Type.String() }),
    },
    { additionalProperties: true },
  ),
);
const Batch = Type.Object(
  {
    mode: Type.Enum(['atomic', 'independent']),
    status: Type.Enum(['posted', 'refused', 'partial']),
    summary: Type.Object({
      count: Type.Integer(),
      posted: Type.Integer(),
      refused: Type.Integer(),
      amount: SumOut,
    }),
    items: Type.Array(
      Type.Object({
        index: Type.Integer(),
        status: Type.Enum(['posted', 'refused']),
        transfer: TransferOrNull,
        hold: HoldAnswerOrNull,
        problem: Nullable(ItemProblem),
      }),
    ),
    dryRun: Type.Optional(Type.Literal(true)),
  },
  { title: 'Batch' },
);

/** The route of batches. */
export const batchRoutes: Routes<{ deps: TransferDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/batches',
    {
      config: {
        scope: 'money:write',
        problems: [holdOwnerReserved, refusalErrors.hold_not_found, ...paymentProblems],
      },
      schema: {
        operationId: 'submitBatch',
        summary: 'Many moves in order: all or none, or each for itself 批量',
        description:
          '201 when every item was posted, 200 otherwise. An atomic batch that is refused is a problem ' +
          'with `itemIndex`. Items of an independent batch are decided in order, each for itself, and are committed together.',
        tags: ['batches'],
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object(
          {
            mode: Type.Enum(['atomic', 'independent']),
            items: Type.Array(Item, { minItems: 1, maxItems: MAX_BATCH_ITEMS }),
          },
          CLOSED,
        ),
        response: { 200: Batch, 201: Batch },
      },
    },
    async (request, reply) => {
      const { platformId, body, query } = request;
      const input = { mode: body.mode, items: body.items.map(toItem) };
      const work = submitBatch(deps, platformId, input, modeOf(request));
      const result = await replaying(reply, work);
      const done = result.status === 'posted' && !query.dryRun;
      return reply.code(done ? 201 : 200).send({ ...result, items: result.items.map(itemAnswer) });
    },
  );
};

function toItem(item: Static<typeof Item>): BatchItem {
  return item.type === 'hold' ? { ...item, expiresAt: instantOf(item.expiresAt) } : item;
}

function itemAnswer({ error, ...item }: BatchItemResult) {
  return { ...item, problem: error && itemProblem(error) };
}

function itemProblem({ definition, facts }: AppError): Readonly<Record<string, unknown>> {
  const told: Record<string, unknown> = {};
  for (const [fact, value] of Object.entries(facts)) {
    // JSON has no bigint: its digits are written as they are.
    told[fact] = typeof value === 'bigint' ? JSON.rawJSON(value.toString()) : value;
  }
  const { code, title: titles } = definition;
  return { ...told, type: `/problems/${code}`, code, titles };
}
