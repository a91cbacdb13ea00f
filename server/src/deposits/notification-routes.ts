import {
  AmountOut,
  BankAccountNumber,
  CLOSED,
  Id,
  InstantOut,
  invalid,
  Nullable,
  nextCursorOf,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  Type,
} from '../http/schemas.ts';
import { entryTextId } from './bank-entry.ts';
import {
  type BankNotification,
  notificationTextId,
  notificationUuid,
  selectNotifications,
} from './notification-store.ts';
import { type NotificationDeps, takeNotification } from './notifications.ts';

/** A notification is a handful of short fields. */
const MAX_BODY_BYTES = 16_384;
const MAX_FIELD = 140;

const Field = Type.String({ minLength: 1, maxLength: MAX_FIELD });
const Direction = Type.Enum(['credit', 'debit']);
const State = Type.Enum(['awaited', 'agrees', 'differs'], {
  description:
    'awaited: the bank has not told the line yet; differs: it has, with another amount or direction',
});
const Notification = Type.Object(
  {
    id: Id('bnt'),
    mainAccount: BankAccountNumber,
    reference: Type.String({ description: 'Of the line, as the bank gives it' }),
    direction: Direction,
    amount: AmountOut,
    bookedAt: InstantOut,
    payoutReference: Nullable(Type.String()),
    receivedAt: InstantOut,
    state: State,
    bankEntry: Nullable(Type.Object({ id: Id('ben'), amount: AmountOut, direction: Direction })),
  },
  { title: 'BankNotification' },
);

/** Routes of what banks say of lines before they are asked. */
export const notificationRoutes: Routes<{ deps: NotificationDeps }> = async (app, { deps }) => {
  // Beside /v1: a bank has no API key. Its signature is looked at before anything is believed.
  app.post(
    '/bank-notifications/:platformId',
    {
      bodyLimit: MAX_BODY_BYTES,
      schema: {
        hide: true,
        params: Type.Object({ platformId: Type.String({ pattern: '^[1-9][0-9]{0,17}$' }) }),
        headers: Type.Object({ 'x-bank-signature': Field }),
        body: Type.Object({
          ...{ account: Field, cursor: Field, reference: Field, direction: Direction },
          ...{ amount: Field, bookedAt: Field, payoutReference: Nullable(Field) },
        }),
      },
    },
    async ({ params, body, headers }) => {
      const { account, cursor, reference, direction, amount, bookedAt, payoutReference } = body;
      const taken = await takeNotification(deps, BigInt(params.platformId), {
        sent: { account, cursor, reference, direction, amount, bookedAt, payoutReference },
        signature: headers['x-bank-signature'],
      });
      if (!taken) throw invalid('/amount', 'amount or bookedAt is none');
      return { repeated: !taken.isNew };
    },
  );

  app.get(
    '/v1/bank-notifications',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listBankNotifications',
        summary: 'What banks said of lines, held against the lines, the latest first 到账通知',
        tags: ['deposits'],
        querystring: Type.Object({ ...PageQuery, state: Type.Optional(State) }, CLOSED),
        response: { 200: Page(Notification) },
      },
    },
    async ({ platformId, query: { limit, cursor, state } }) => {
      const before = positionOf(cursor, ([id]) => (id === undefined ? id : notificationUuid(id)));
      const found = await selectNotifications(deps.db, platformId, {
        ...{ state, before, limit: limit + 1 },
      });
      const data = found.slice(0, limit).map(bodyOf);
      const last = data.at(-1);
      const next = found.length > limit ? last?.id : undefined;
      return { data, nextCursor: nextCursorOf(next) };
    },
  );
};

function bodyOf({ bankEntryId, entryAmount, entryDirection, ...row }: BankNotification) {
  const isTold = bankEntryId !== null && entryAmount !== null && entryDirection !== null;
  return {
    ...row,
    id: notificationTextId(row.id),
    direction: directionOf(row.direction),
    bankEntry: isTold
      ? {
          id: entryTextId(bankEntryId),
          amount: entryAmount,
          direction: directionOf(entryDirection),
        }
      : null,
  };
}

const directionOf = (text: string): 'credit' | 'debit' => (text === 'credit' ? 'credit' : 'debit');
