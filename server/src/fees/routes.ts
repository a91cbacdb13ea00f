import {
  AmountIn,
  AmountOut,
  askedBy,
  CLOSED,
  CurrencyCode,
  Id,
  InstantIn,
  InstantOut,
  Nullable,
  nextCursorOf,
  Page,
  PageQuery,
  PriceIn,
  PriceOut,
  positionOf,
  priceOfBody,
  type Routes,
  type Static,
  SumOut,
  Type,
} from '../http/schemas.ts';
import { chargeRoutes } from './charge-routes.ts';
import { feeExceedsAmount, feeRuleBusy, feeRuleInvalid, feeRuleNotFound } from './errors.ts';
import { type FeeRule, feeRuleUuid } from './fee-rule.ts';
import { type FeeDeps, putFeeRule } from './put-rule.ts';
import type { FeeQuote } from './quote.ts';
import { listFeeRules, quoteFee } from './quote-fee.ts';
import { Bearer, OnReversal, FeeProduct as Product, Timing } from './shared-routes.ts';
import type { FeeMoneyDeps } from './waive.ts';

const RuleFields = {
  id: Id('fee'),
  product: Product,
  currency: CurrencyCode,
  memberId: Nullable(Id('mem')),
  version: Type.Integer({ minimum: 1 }),
  bearer: Bearer,
  timing: Timing,
  onReversal: OnReversal,
  price: Nullable(PriceOut),
  validFrom: InstantOut,
  validUntil: Nullable(InstantOut),
  createdAt: InstantOut,
};
const Rule = Type.Object(RuleFields, { title: 'FeeRule' });
const Quote = Type.Object(
  {
    product: Product,
    currency: CurrencyCode,
    amount: AmountOut,
    fee: SumOut,
    bearer: Bearer,
    timing: Timing,
    payerPays: SumOut,
    payeeReceives: SumOut,
    platformPays: SumOut,
    dueAtMonthEnd: SumOut,
    working: Type.Object({
      exactMillionths: Type.String({
        description: 'The fee before rounding and limits, in millionths of a minor unit',
        examples: ['7500000'],
      }),
      rounding: Type.Enum(['half_up', 'up', 'down']),
      limitedBy: Type.Unsafe<'min' | 'max' | null>({
        type: ['string', 'null'],
        enum: ['min', 'max', null],
      }),
      parts: Type.Array(
        Type.Object({
          of: Type.Enum(['base', 'tier']),
          base: SumOut,
          fixed: SumOut,
          ratePpm: SumOut,
        }),
      ),
    }),
    rule: Type.Object({
      id: Id('fee'),
      version: Type.Integer(),
      memberId: Nullable(Id('mem')),
    }),
  },
  { title: 'FeeQuote' },
);
const tags = ['fees'];

/** Routes of fee rules, quotes, and fees that were charged. */
export const feeRoutes: Routes<{ deps: FeeMoneyDeps }> = async (app, { deps }) => {
  await app.register(ruleRoutes, { deps });
  await app.register(quoteRoutes, { deps });
  await app.register(chargeRoutes, { deps });
};

const ruleRoutes: Routes<{ deps: FeeDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/fee-rules',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listFeeRules',
        summary: 'Fee rules, all versions, newest first 费率规则',
        tags,
        querystring: Type.Object(
          {
            ...PageQuery,
            product: Type.Optional(Product),
            memberId: Type.Optional(Id('mem')),
          },
          CLOSED,
        ),
        response: { 200: Page(Rule) },
      },
    },
    async ({ platformId, query }) => {
      const { limit, cursor, product, memberId } = query;
      const after = positionOf(cursor, ([id]) =>
        id !== undefined && feeRuleUuid(id) !== undefined ? id : undefined,
      );
      const page = await listFeeRules(deps, platformId, { product, memberId, after, limit });
      return { data: page.rules.map(viewOf), nextCursor: nextCursorOf(page.next) };
    },
  );

  app.put(
    '/v1/fee-rules/:product',
    {
      config: { scope: 'accounts:write', problems: [feeRuleInvalid, feeRuleBusy] },
      schema: {
        operationId: 'putFeeRule',
        summary: 'Put the next version of a fee rule 设置费率规则',
        description:
          'Nothing is overwritten. Of the versions whose period covers a moment the one that began last is in ' +
          'force (begun together: the highest); a member’s own comes before the platform’s. A price of null ' +
          'ends it: the member has the platform’s again.',
        tags,
        params: Type.Object({ product: Product }),
        body: Type.Object(
          {
            currency: Type.Optional(CurrencyCode),
            memberId: Type.Optional(Id('mem')),
            bearer: Bearer,
            timing: Type.Optional(Timing),
            onReversal: Type.Optional(OnReversal),
            price: Nullable(PriceIn),
            validFrom: Type.Optional(InstantIn),
            validUntil: Type.Optional(InstantIn),
          },
          CLOSED,
        ),
        response: { 201: Rule },
      },
    },
    async (request, reply) => {
      const { platformId, body } = request;
      const { product } = request.params;
      const { currency = 'CNY', memberId = null, bearer, timing = 'now', price } = body;
      const rule = await putFeeRule(askedBy(request, deps), platformId, {
        ...{ product, currency, memberId, bearer, timing, onReversal: body.onReversal },
        price: price && priceOfBody(price),
        validFrom: instantOf(body.validFrom),
        validUntil: instantOf(body.validUntil),
      });
      return reply.code(201).send(viewOf(rule));
    },
  );
};

const quoteRoutes: Routes<{ deps: FeeDeps }> = async (app, { deps }) => {
  app.post(
    '/v1/fee-quotes',
    {
      config: {
        scope: 'read',
        problems: [feeRuleInvalid, feeRuleNotFound, feeExceedsAmount],
      },
      schema: {
        operationId: 'quoteFee',
        summary: 'What a fee would be, and who would pay what 试算手续费',
        description: 'Exact, by the rule in force at `at` (now, when left out). Nothing is taken.',
        tags,
        body: Type.Object(
          {
            product: Product,
            amount: AmountIn,
            currency: Type.Optional(CurrencyCode),
            memberId: Type.Optional(Id('mem')),
            at: Type.Optional(InstantIn),
          },
          CLOSED,
        ),
        response: { 200: Quote },
      },
    },
    async ({ platformId, body }) => {
      const { product, amount, currency = 'CNY', memberId, at } = body;
      const question = { product, currency, amount: BigInt(amount), memberId, at: instantOf(at) };
      return quoteView(await quoteFee(deps, platformId, question));
    },
  );
};

const instantOf = (text: string | undefined): Date | undefined =>
  text === undefined ? undefined : new Date(text);

const viewOf = (rule: FeeRule): Static<typeof Rule> => ({ ...rule, price: priceView(rule.price) });

const priceView = (price: FeeRule['price']) =>
  price && {
    ...price,
    tiers: price.tiers && { ...price.tiers, bands: [...price.tiers.bands] },
  };

function quoteView({ rule, ...quote }: FeeQuote): Static<typeof Quote> {
  const { amount, fee, payerPays, payeeReceives, platformPays, dueAtMonthEnd } = quote;
  return {
    ...{ product: rule.product, currency: rule.currency, amount, fee },
    ...{ bearer: rule.bearer, timing: rule.timing },
    ...{ payerPays, payeeReceives, platformPays, dueAtMonthEnd },
    working: {
      exactMillionths: `${quote.exactMillionths}`,
      rounding: rule.price?.rounding ?? 'half_up',
      limitedBy: quote.limitedBy,
      parts: [...quote.parts],
    },
    rule: { id: rule.id, version: rule.version, memberId: rule.memberId },
  };
}
