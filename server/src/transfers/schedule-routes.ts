import {
  AccountNumber,
  AmountOut,
  CLOSED,
  CurrencyCode,
  DryRunQuery,
  Id,
  IdempotencyHeaders,
  InstantIn,
  InstantOut,
  IsoDate,
  MoveId,
  Nullable,
  nextCursorOf,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  type Static,
  Type,
} from '../http/schemas.ts';
import { uuidOf } from '../kernel/id.ts';
import { refusalErrors } from '../ledger/index.ts';
import { publicAccountRefused } from '../virtual-accounts/index.ts';
import { scheduleFinished, scheduleInvalid, scheduleNotFound } from './errors.ts';
import { listSchedules, readSchedule } from './read-schedules.ts';
import {
  cancelSchedule,
  type ScheduleDeps,
  scheduleTransfer,
  type WhenInput,
} from './schedule-transfer.ts';
import { createdOr200, modeOf, replaying, TransferBody } from './shared-routes.ts';

const tags = ['scheduled transfers'];
const params = Type.Object({ id: Id('sch') });
const State = Type.Enum(['active', 'finished', 'cancelled']);
const When = Type.Union(
  [
    Type.Object({ at: InstantIn }, CLOSED),
    Type.Object({ businessDate: IsoDate }, CLOSED),
    Type.Object(
      { every: Type.Enum(['day', 'week', 'month']), from: IsoDate, until: Type.Optional(IsoDate) },
      CLOSED,
    ),
  ],
  {
    description:
      'Once at an instant; once on a business date; or on a business date and every day, week or month from then ' +
      'on. A month that has no such day has it on its last day, counted from `from` each time.',
  },
);

const ScheduleFields = {
  id: Nullable(Id('sch')),
  state: State,
  debitAccount: Nullable(AccountNumber),
  creditAccount: Nullable(AccountNumber),
  amount: AmountOut,
  currency: CurrencyCode,
  reference: Nullable(Type.String()),
  memo: Nullable(Type.String()),
  every: Type.Enum(['once', 'day', 'week', 'month']),
  at: Nullable(InstantOut),
  from: Nullable(IsoDate),
  until: Nullable(IsoDate),
  next: Nullable(
    Type.Object({
      occurrence: Type.Integer(),
      businessDate: Nullable(IsoDate),
      at: Nullable(InstantOut),
      attempt: Type.Integer(),
      notBefore: Nullable(InstantOut),
    }),
  ),
  createdAt: InstantOut,
  dryRun: Type.Optional(Type.Literal(true)),
};
const ScheduledTransfer = Type.Object(ScheduleFields, { title: 'ScheduledTransfer' });
const Run = Type.Object({
  occurrence: Type.Integer(),
  attempt: Type.Integer(),
  businessDate: Nullable(IsoDate),
  triedAt: InstantOut,
  status: Type.Enum(['posted', 'refused']),
  transferId: Nullable(MoveId('trf')),
  problem: Nullable(
    Type.Object({
      code: Type.String(),
      titles: Type.Object({ en: Type.String(), zh: Type.String() }),
    }),
  ),
});
const History = Type.Object(
  { ...ScheduleFields, runs: Type.Array(Run), moreRuns: Type.Boolean() },
  { title: 'ScheduledTransferHistory' },
);

/** Routes of transfers that are made later. */
export const scheduleRoutes: Routes<{ deps: ScheduleDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/scheduled-transfers',
    {
      config: {
        scope: 'money:write',
        problems: [
          ...[refusalErrors.account_not_found, refusalErrors.same_account, publicAccountRefused],
          ...[refusalErrors.currencies_differ, refusalErrors.different_main_accounts],
          ...[scheduleInvalid, refusalErrors.request_id_reused],
        ],
      },
      schema: {
        operationId: 'scheduleTransfer',
        summary: 'Make a transfer later: once, or again and again 预约转账',
        description: 'Whether there is money is decided when it is due.',
        tags,
        headers: IdempotencyHeaders,
        querystring: DryRunQuery,
        body: Type.Object({ ...TransferBody, when: When }, CLOSED),
        response: { 200: ScheduledTransfer, 201: ScheduledTransfer },
      },
    },
    async (request, reply) => {
      const { platformId, body } = request;
      const input = { ...body, when: toWhen(body.when) };
      const result = await replaying(
        reply,
        scheduleTransfer(deps, platformId, input, modeOf(request)),
      );
      return reply.code(createdOr200(request)).send(result);
    },
  );

  app.post(
    '/v1/scheduled-transfers/:id/cancel',
    {
      config: { scope: 'money:write', problems: [scheduleNotFound, scheduleFinished] },
      schema: {
        operationId: 'cancelScheduledTransfer',
        summary: 'End a scheduled transfer: from the answer on it moves nothing 取消预约转账',
        tags,
        params,
        response: { 200: ScheduledTransfer },
      },
    },
    async ({ platformId, params }) => cancelSchedule(deps, platformId, params.id),
  );

  app.get(
    '/v1/scheduled-transfers',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listScheduledTransfers',
        summary: 'Scheduled transfers, newest first 预约转账列表',
        tags,
        querystring: Type.Object({ ...PageQuery, state: Type.Optional(State) }, CLOSED),
        response: { 200: Page(ScheduledTransfer) },
      },
    },
    async ({ platformId, query: { cursor, ...filter } }) => {
      const before = positionOf(cursor, scheduleAt);
      const { schedules, next } = await listSchedules(deps, platformId, { ...filter, before });
      return { data: [...schedules], nextCursor: nextCursorOf(next) };
    },
  );

  app.get(
    '/v1/scheduled-transfers/:id',
    {
      config: { scope: 'read', problems: [scheduleNotFound] },
      schema: {
        operationId: 'readScheduledTransfer',
        summary: 'One scheduled transfer, with its attempts 预约转账',
        tags,
        params,
        response: { 200: History },
      },
    },
    async ({ platformId, params }) => {
      const { runs, ...rest } = await readSchedule(deps, platformId, params.id);
      return { ...rest, runs: [...runs] };
    },
  );
};

const scheduleAt = ([id]: readonly string[]) => (id === undefined ? undefined : uuidOf('sch', id));

const toWhen = (when: Static<typeof When>): WhenInput =>
  'at' in when ? { at: new Date(when.at) } : when;
