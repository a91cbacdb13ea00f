import {
  AccountNumber,
  askedBy,
  CLOSED,
  CurrencyCode,
  Id,
  InstantOut,
  IsoDate,
  Nullable,
  nextCursorOf,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  type Static,
  Type,
} from '../http/schemas.ts';
import { businessDate } from '../kernel/business-date.ts';
import { refusalErrors } from '../ledger/index.ts';
import { interestRateBusy, interestRateInvalid, interestScheduleInvalid } from './errors.ts';
import { type InterestDeps, listInterestRates, putInterestRate } from './put-rate.ts';
import { type InterestRate, rateUuid } from './rate-store.ts';
import { namesOf } from './read-settlements.ts';
import { putInterestSchedule, readInterestSchedule } from './schedule.ts';
import { DayCountSchema, Mode, Product, TierIn, TierOut } from './shared-routes.ts';

const tags = ['interest'];
const MAX_TIERS = 20;

const Rate = Type.Object(
  {
    id: Id('irt'),
    product: Product,
    currency: CurrencyCode,
    account: Nullable(AccountNumber),
    version: Type.Integer({ minimum: 1 }),
    terms: Nullable(
      Type.Object({ mode: Mode, dayCount: Type.Integer(), tiers: Type.Array(TierOut) }),
    ),
    validFrom: IsoDate,
    createdAt: InstantOut,
  },
  { title: 'InterestRate' },
);
const TermsIn = Type.Object(
  {
    mode: Type.Optional(Mode),
    dayCount: Type.Optional(DayCountSchema),
    tiers: Type.Array(TierIn, { minItems: 1, maxItems: MAX_TIERS }),
  },
  CLOSED,
);
const ScheduleFields = {
  months: Type.Array(Type.Integer({ minimum: 1, maximum: 12 }), {
    maxItems: 12,
    examples: [[3, 6, 9, 12]],
    description: 'Months in which interest is settled 结息月; none: never by itself',
  }),
  day: Type.Integer({
    ...{ minimum: 1, maximum: 28, examples: [20] },
    description: 'Up to and including this day 结息日; paid on the next business date',
  }),
};
const Schedule = Type.Object(ScheduleFields, { title: 'InterestSchedule' });

/** Routes of interest rates and of the schedule. */
export const rateRoutes: Routes<{ deps: InterestDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/interest-rates',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listInterestRates',
        summary: 'Interest rates, all versions, newest first 利率',
        tags,
        querystring: Type.Object(PageQuery, CLOSED),
        response: { 200: Page(Rate) },
      },
    },
    async ({ platformId, query: { limit, cursor } }) => {
      const before = positionOf(cursor, ([id]) => (id === undefined ? undefined : rateUuid(id)));
      const { rates, next } = await listInterestRates(deps, platformId, { before, limit });
      return { data: await viewsOf(deps, platformId, rates), nextCursor: nextCursorOf(next) };
    },
  );

  app.put(
    '/v1/interest-rates/:product',
    {
      config: {
        scope: 'accounts:write',
        problems: [refusalErrors.account_not_found, interestRateInvalid, interestRateBusy],
      },
      schema: {
        operationId: 'putInterestRate',
        summary: 'Put the next version of an interest rate 设置利率',
        description:
          'Nothing is overwritten, and days that are over keep what they earned. An account’s own rate comes before ' +
          'its product’s; terms of null end it.',
        tags,
        params: Type.Object({ product: Product }),
        body: Type.Object(
          {
            currency: Type.Optional(CurrencyCode),
            account: Type.Optional(AccountNumber),
            terms: Nullable(TermsIn),
            validFrom: Type.Optional(IsoDate),
          },
          CLOSED,
        ),
        response: { 201: Rate },
      },
    },
    async (request, reply) => {
      const { platformId, body } = request;
      const { currency = 'CNY', account, validFrom } = body;
      const rate = await putInterestRate(askedBy(request, deps), platformId, {
        ...{ product: request.params.product, currency, account, terms: termsOf(body.terms) },
        validFrom: validFrom === undefined ? undefined : businessDate(validFrom),
      });
      const nameOf = await namesOf(deps, platformId, rate.account === null ? [] : [rate.account]);
      return reply.code(201).send(viewOf(rate, nameOf));
    },
  );

  await app.register(scheduleRoutes, { deps });
};

const scheduleRoutes: Routes<{ deps: InterestDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/interest-schedule',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'readInterestSchedule',
        summary: 'When interest is settled by itself 结息日',
        tags,
        response: { 200: Schedule },
      },
    },
    async ({ platformId }) => scheduleView(await readInterestSchedule(deps, platformId)),
  );

  app.put(
    '/v1/interest-schedule',
    {
      config: { scope: 'accounts:write', problems: [interestScheduleInvalid] },
      schema: {
        operationId: 'putInterestSchedule',
        summary: 'Put when interest is settled by itself 设置结息日',
        tags,
        body: Type.Object(ScheduleFields, CLOSED),
        response: { 200: Schedule },
      },
    },
    async (request) =>
      scheduleView(
        await putInterestSchedule(askedBy(request, deps), request.platformId, request.body),
      ),
  );
};

const scheduleView = ({ months, day }: { months: readonly number[]; day: number }) => ({
  months: [...months],
  day,
});

function termsOf(terms: Static<typeof TermsIn> | null) {
  if (terms === null) return null;
  const { mode = 'whole', dayCount = 360, tiers } = terms;
  return {
    ...{ mode, dayCount },
    tiers: tiers.map(({ upTo, ratePpm }) => ({
      upTo: upTo === null ? null : BigInt(upTo),
      ratePpm: BigInt(ratePpm),
    })),
  };
}

async function viewsOf(
  deps: InterestDeps,
  platformId: bigint,
  rates: readonly InterestRate[],
): Promise<Static<typeof Rate>[]> {
  const ids = rates.flatMap(({ account }) => account ?? []);
  const nameOf = await namesOf(deps, platformId, ids);
  return rates.map((rate) => viewOf(rate, nameOf));
}

function viewOf(
  { own: _, account, terms, ...rate }: InterestRate,
  nameOf: Awaited<ReturnType<typeof namesOf>>,
): Static<typeof Rate> {
  return {
    ...rate,
    account: account === null ? null : nameOf(account).number,
    terms: terms && { ...terms, tiers: [...terms.tiers] },
  };
}
