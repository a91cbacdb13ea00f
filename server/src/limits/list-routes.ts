import {
  AccountNumber,
  askedBy,
  CLOSED,
  Id,
  InstantOut,
  Nullable,
  nextCursorOf,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  Text,
  Type,
} from '../http/schemas.ts';
import { refusalErrors } from '../ledger/index.ts';
import { memberNotFound } from '../members/index.ts';
import { counterpartyEntryNotFound, limitRuleInvalid } from './errors.ts';
import { addCounterparty, nameSubjects, type RuleDeps, removeCounterparty } from './put-rule.ts';
import { type CounterpartyEntry, entryTextId, entryUuid } from './rule.ts';
import { selectEntries } from './store.ts';

const tags = ['limits'];
const List = Type.Enum(['block', 'allow'], {
  description: 'block: no money between the two 黑名单. allow: the owner pays only those 白名单.',
});
const Named = Type.Object(
  { account: Type.Optional(AccountNumber), memberId: Type.Optional(Id('mem')) },
  CLOSED,
);
const NamedOut = Type.Object({ account: Nullable(AccountNumber), memberId: Nullable(Id('mem')) });
const Entry = Type.Object(
  {
    ...{ id: Id('cpe'), list: List, of: NamedOut, counterparty: NamedOut },
    ...{ reason: Type.String(), addedAt: InstantOut },
  },
  { title: 'CounterpartyEntry' },
);

/** Routes of block and allow lists. */
export const listRoutes: Routes<{ deps: RuleDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/counterparty-entries',
    {
      config: {
        scope: 'accounts:write',
        problems: [limitRuleInvalid, refusalErrors.account_not_found, memberNotFound],
      },
      schema: {
        operationId: 'addCounterparty',
        summary: 'Put somebody on a block or allow list 加入黑名单或白名单',
        description:
          'Of an account or a member; a block without either is for the whole platform. Who is on the list already stays ' +
          'on it.',
        tags,
        body: Type.Object(
          { list: List, of: Named, counterparty: Named, reason: Text({ max: 500 }) },
          CLOSED,
        ),
        response: { 201: Entry },
      },
    },
    async (request, reply) => {
      const { platformId, body } = request;
      const entry = await addCounterparty(askedBy(request, deps), platformId, body);
      const [added] = await bodies(deps, platformId, [entry]);
      if (!added) throw new RangeError('one entry has one body');
      return reply.code(201).send(added);
    },
  );
  app.get(
    '/v1/counterparty-entries',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listCounterparties',
        summary: 'Entries of block and allow lists, in the order in which they were added 名单',
        tags,
        querystring: Type.Object({ ...PageQuery }, CLOSED),
        response: { 200: Page(Entry) },
      },
    },
    async ({ platformId, query: { limit, cursor } }) => {
      const after = positionOf(cursor, ([id = '']) => entryUuid(id));
      const found = await selectEntries(deps.db, platformId, { after, limit: limit + 1 });
      const shown = found.slice(0, limit);
      const last = found.length > limit ? shown.at(-1) : undefined;
      const data = await bodies(deps, platformId, shown);
      return { data, nextCursor: nextCursorOf(last && entryTextId(last.uuid)) };
    },
  );
  app.delete(
    '/v1/counterparty-entries/:id',
    {
      config: { scope: 'accounts:write', problems: [counterpartyEntryNotFound] },
      schema: {
        operationId: 'removeCounterparty',
        summary: 'Take somebody off a list 移出名单',
        tags,
        params: Type.Object({ id: Id('cpe') }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await removeCounterparty(askedBy(request, deps), request.platformId, request.params.id);
      return reply.code(204).send(null);
    },
  );
};

async function bodies({ db }: RuleDeps, platformId: bigint, entries: readonly CounterpartyEntry[]) {
  const subjects = entries.flatMap(({ subject, counterparty }) => [subject, counterparty]);
  const nameOf = await nameSubjects(db, platformId, subjects);
  return entries.map(({ uuid, list, subject, counterparty, reason, addedAt }) => ({
    ...{ id: entryTextId(uuid), list, of: nameOf(subject), counterparty: nameOf(counterparty) },
    ...{ reason, addedAt },
  }));
}
