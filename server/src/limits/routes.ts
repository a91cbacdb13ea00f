import {
  AccountNumber,
  AmountOut,
  askedBy,
  CLOSED,
  CurrencyCode,
  Id,
  InstantOut,
  LimitIn,
  Nullable,
  nextCursorOf,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  type Static,
  SumOut,
  Type,
} from '../http/schemas.ts';
import { refusalErrors } from '../ledger/index.ts';
import { memberNotFound } from '../members/index.ts';
import { limitRuleInvalid, limitRuleNotFound } from './errors.ts';
import { listRoutes } from './list-routes.ts';
import { nameSubjects, putLimitRule, type RuleDeps, removeLimitRule } from './put-rule.ts';
import { readLimitUsage } from './read-usage.ts';
import { ACT_KINDS, type LimitRule, MAX_WINDOW_SECONDS, ruleTextId, ruleUuid } from './rule.ts';
import { selectRules } from './store.ts';

const tags = ['limits'];
const Direction = Type.Enum(['out', 'in'], {
  description: 'out: what leaves 付出. in: what arrives 收入.',
});
const Act = Type.Enum([...ACT_KINDS, 'any'], {
  description: 'transfer 转账, withdrawal 提现, escrow_pay 担保交易付款, any: all together 合计',
});
const CountIn = Type.Integer({ minimum: 0, maximum: 1_000_000_000 });
const RuleIn = Type.Object(
  {
    account: Type.Optional(AccountNumber),
    memberId: Type.Optional(Id('mem')),
    ...{ direction: Direction, act: Act, currency: CurrencyCode },
    singleAmount: Type.Optional(LimitIn),
    dayAmount: Type.Optional(LimitIn),
    dayCount: Type.Optional(CountIn),
    monthAmount: Type.Optional(LimitIn),
    monthCount: Type.Optional(CountIn),
    windowSeconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_WINDOW_SECONDS,
        description: 'The length of the sliding time 频控窗口',
      }),
    ),
    windowAmount: Type.Optional(LimitIn),
    windowCount: Type.Optional(CountIn),
  },
  CLOSED,
);
const CountOut = Nullable(Type.Integer());
const Rule = Type.Object(
  {
    id: Id('lim'),
    account: Nullable(AccountNumber),
    memberId: Nullable(Id('mem')),
    ...{ direction: Direction, act: Act, currency: CurrencyCode },
    ...{ singleAmount: Nullable(AmountOut), dayAmount: Nullable(AmountOut), dayCount: CountOut },
    ...{ monthAmount: Nullable(AmountOut), monthCount: CountOut },
    ...{ windowSeconds: CountOut, windowAmount: Nullable(AmountOut), windowCount: CountOut },
    changedAt: InstantOut,
  },
  { title: 'LimitRule' },
);
const Usage = Type.Object(
  {
    rule: Id('lim'),
    scope: Type.Enum(['platform', 'account', 'member']),
    ...{ direction: Direction, act: Act, currency: CurrencyCode },
    period: Type.Enum(['single', 'day', 'month', 'window']),
    measure: Type.Enum(['amount', 'count']),
    ...{ most: SumOut, used: SumOut, remaining: SumOut },
  },
  { title: 'LimitUsage' },
);

/** Routes of limits and lists. */
export const limitRoutes: Routes<{ deps: RuleDeps }> = async (app, { deps }) => {
  await app.register(readRoutes, { deps });
  await app.register(listRoutes, { deps });
  app.put(
    '/v1/limit-rules',
    {
      config: {
        scope: 'accounts:write',
        problems: [limitRuleInvalid, refusalErrors.account_not_found, memberNotFound],
      },
      schema: {
        operationId: 'putLimitRule',
        summary: 'Limit what leaves or reaches an account, a member, or each account 设置限额',
        description:
          'In place of the one for the same account or member, direction, act and currency. Without account and member it ' +
          'is the default for each account that has none of its own; one of a member is for all its accounts together, ' +
          'beside theirs. What was used before counts.',
        tags,
        body: RuleIn,
        response: { 200: Rule },
      },
    },
    async (request) => {
      const { platformId, body } = request;
      const rule = await putLimitRule(askedBy(request, deps), platformId, ruleOf(body));
      return (await bodies(deps, platformId, [rule]))[0];
    },
  );
  app.delete(
    '/v1/limit-rules/:id',
    {
      config: { scope: 'accounts:write', problems: [limitRuleNotFound] },
      schema: {
        operationId: 'removeLimitRule',
        summary: 'Remove a limit 删除限额',
        tags,
        params: Type.Object({ id: Id('lim') }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await removeLimitRule(askedBy(request, deps), request.platformId, request.params.id);
      return reply.code(204).send(null);
    },
  );
};

const readRoutes: Routes<{ deps: RuleDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/limit-rules',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listLimitRules',
        summary: 'Limits, in the order in which they were made 限额规则',
        tags,
        querystring: Type.Object({ ...PageQuery }, CLOSED),
        response: { 200: Page(Rule) },
      },
    },
    async ({ platformId, query: { limit, cursor } }) => {
      const after = positionOf(cursor, ([id = '']) => ruleUuid(id));
      const found = await selectRules(deps.db, platformId, { after, limit: limit + 1 });
      const shown = found.slice(0, limit);
      const last = found.length > limit ? shown.at(-1) : undefined;
      const data = await bodies(deps, platformId, shown);
      return { data, nextCursor: nextCursorOf(last && ruleTextId(last.uuid)) };
    },
  );
  app.get(
    '/v1/limit-usage',
    {
      config: { scope: 'read', problems: [refusalErrors.account_not_found] },
      schema: {
        operationId: 'readLimitUsage',
        summary: 'The limits that hold for an account now, what is used and what remains 限额使用',
        tags,
        querystring: Type.Object({ account: AccountNumber }, CLOSED),
        response: { 200: Type.Object({ data: Type.Array(Usage) }) },
      },
    },
    async ({ platformId, query }) => ({
      data: [...(await readLimitUsage(deps, platformId, query.account))],
    }),
  );
};

function ruleOf(body: Static<typeof RuleIn>) {
  const big = (value: number | undefined) => (value === undefined ? null : BigInt(value));
  const { dayCount = null, monthCount = null, windowSeconds = null, windowCount = null } = body;
  return {
    ...body,
    ...{ singleAmount: big(body.singleAmount), dayAmount: big(body.dayAmount), dayCount },
    ...{ monthAmount: big(body.monthAmount), monthCount, windowSeconds, windowCount },
    windowAmount: big(body.windowAmount),
  };
}

async function bodies({ db }: RuleDeps, platformId: bigint, rules: readonly LimitRule[]) {
  const nameOf = await nameSubjects(
    db,
    platformId,
    rules.map(({ subject }) => subject),
  );
  return rules.map(({ uuid, subject, ...rule }) => ({
    ...{ id: ruleTextId(uuid), ...nameOf(subject) },
    ...rule,
  }));
}
