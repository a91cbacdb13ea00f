import {
  CLOSED,
  CurrencyCode,
  DryRunQuery,
  IdempotencyHeaders,
  invalid,
  MAX_TEXT,
  MoveId,
  Nullable,
  type Routes,
  type Static,
  SumOut,
  Text,
  Type,
} from '../http/schemas.ts';
import { type Currency, isCurrency } from '../kernel/currency.ts';
import type { AppError } from '../kernel/error.ts';
import { refusalErrors } from '../ledger/index.ts';
import { type BatchItemResult, MAX_BATCH_ITEMS, submitBatch } from './batch.ts';
import { FILE_CHARSETS, readBatchFile } from './batch-file.ts';
import type { BatchItem } from './batch-run.ts';
import { batchFileInvalid, holdOwnerReserved } from './errors.ts';
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
const BatchFields = {
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
};
const Batch = Type.Object(BatchFields, { title: 'Batch' });
const FileBatch = Type.Object(
  {
    ...BatchFields,
    lines: Type.Array(Type.Integer(), { description: 'The line of the file of each item' }),
  },
  { title: 'FileBatch' },
);
const ColumnName = Type.Optional(Text({ max: MAX_TEXT.name }));
const FileBody = {
  mode: Type.Enum(['atomic', 'independent']),
  charset: Type.Enum([...FILE_CHARSETS]),
  currency: CurrencyCode,
  columns: Type.Optional(
    Type.Object(
      {
        ...{ debitAccount: ColumnName, creditAccount: ColumnName, amount: ColumnName },
        ...{ reference: ColumnName, memo: ColumnName },
      },
      {
        ...CLOSED,
        description: 'What the header calls the fields; other columns are then left out',
      },
    ),
  ),
  content: Type.String({
    pattern: '^[A-Za-z0-9+/]+={0,2}$',
    'x-allowed': 'the bytes of the file in base64',
    description: 'The CSV file, in base64',
  }),
};

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
  await app.register(fileRoute, { deps });
};

const fileRoute: Routes<{ deps: TransferDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/batches/files',
    {
      config: { scope: 'money:write', problems: [batchFileInvalid, ...paymentProblems] },
      schema: {
        operationId: 'submitBatchFile',
        summary: 'A CSV file of transfers as one batch 批量文件',
        description:
          'A header with the names of the fields (or those of `columns`), then a row for each transfer, with decimal ' +
          'amounts. Rows that cannot be read are told by line and field, and nothing is done; else it is answered as a ' +
          'batch, with the line of each item in `lines`.',
        tags: ['batches'],
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object(FileBody, CLOSED),
        response: { 200: FileBatch, 201: FileBatch },
      },
    },
    async (request, reply) => {
      const { platformId, query } = request;
      const { mode, content, charset, columns } = request.body;
      const { items, lines } = readBatchFile({
        ...{ bytes: Buffer.from(content, 'base64'), charset, columns },
        currency: currencyOf(request.body.currency),
      });
      const work = submitBatch(deps, platformId, { mode, items }, modeOf(request));
      const result = await replaying(reply, work);
      const done = result.status === 'posted' && !query.dryRun;
      const answer = { ...result, items: result.items.map(itemAnswer), lines: [...lines] };
      return reply.code(done ? 201 : 200).send(answer);
    },
  );
};

function currencyOf(code: string): Currency {
  if (isCurrency(code)) return code;
  throw invalid('/currency', 'must be a currency of ISO 4217');
}

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
