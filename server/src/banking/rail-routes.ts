import {
  AmountIn,
  askedBy,
  CLOSED,
  InstantIn,
  InstantOut,
  IsoDate,
  Nullable,
  PriceIn,
  PriceOut,
  priceOfBody,
  type Routes,
  type Static,
  SumOut,
  Text,
  Type,
} from '../http/schemas.ts';
import { changeRail, listRailRules, quoteRail, type RailDeps } from './change-rail.ts';
import { railBusy, railInvalid } from './errors.ts';
import { REASON_TEXT } from './rail-reasons.ts';
import { RAILS, type RailRule, type RailTerms } from './rail-terms.ts';
import type { RailVerdict } from './rails.ts';

const Rail = Type.Enum([...RAILS], {
  description: 'intra_bank 行内, ibps 网银互联, beps 小额, hvps 大额',
});
const TimeOfDay = (last: '23:59' | '24:00') =>
  Type.String({
    pattern: `^(([01]\\d|2[0-3]):[0-5]\\d${last === '24:00' ? '|24:00' : ''})$`,
    'x-allowed': `HH:MM, 00:00 to ${last}, in Shanghai`,
    examples: ['17:15'],
  });
const HoursFields = {
  days: Type.Enum(['every', 'working']),
  opens: TimeOfDay('23:59'),
  opensDayBefore: Type.Boolean({ description: 'opens is of the calendar day before' }),
  closes: TimeOfDay('24:00'),
  marginMinutes: Type.Integer({ minimum: 0, maximum: 720 }),
};
const Minutes = Type.Integer({ minimum: 0, maximum: 10_080 });
const CapIn = Type.Unsafe<number | null>({ ...AmountIn, type: ['integer', 'null'] });
const ClosureIn = Type.Object(
  { from: InstantIn, until: Nullable(InstantIn), reason: Text({ max: 200 }) },
  CLOSED,
);
const Rule = Type.Object(
  {
    rail: Rail,
    version: Type.Integer({ description: '0: what the program comes with' }),
    validFrom: IsoDate,
    enabled: Type.Boolean(),
    cap: Nullable(SumOut),
    holidayCap: Nullable(SumOut),
    hours: Type.Object(HoursFields),
    closures: Type.Array(
      Type.Object({ from: InstantOut, until: Nullable(InstantOut), reason: Type.String() }),
    ),
    cost: PriceOut,
    arrivesWithinMinutes: Minutes,
    evidence: Nullable(Type.String()),
  },
  { title: 'RailRule' },
);
const VerdictFields = {
  rail: Rail,
  reason: Type.Enum([
    ...(['chosen', 'usable', 'same_bank', 'other_bank', 'not_reachable', 'no_rule'] as const),
    ...(['disabled', 'over_limit', 'maintenance', 'closed', 'calendar_unknown'] as const),
  ]),
  text: Type.Object({ en: Type.String(), zh: Type.String() }),
  limit: Nullable(SumOut),
  cost: Nullable(SumOut),
  sendAt: Nullable(InstantOut),
  arrivesBy: Nullable(InstantOut),
  unknownDay: Nullable(IsoDate),
  version: Nullable(Type.Integer()),
};
const Quote = Type.Object(
  {
    at: InstantOut,
    outcome: Type.Enum(['now', 'wait', 'none'], {
      description: 'none: no rail takes it as far as the calendar is known',
    }),
    rail: Type.Unsafe<(typeof RAILS)[number] | null>({
      type: ['string', 'null'],
      enum: [...RAILS, null],
    }),
    sendAt: Nullable(InstantOut),
    arrivesBy: Nullable(InstantOut),
    cost: Nullable(SumOut),
    rails: Type.Array(Type.Object(VerdictFields)),
  },
  { title: 'RailQuote' },
);
const tags = ['rails'];

/** Routes of rails: their terms, and which one a payout would take. */
export const railRoutes: Routes<{ deps: RailDeps }> = async (app, { deps }) => {
  await app.register(ruleRoutes, { deps });
  app.post(
    '/v1/rail-quotes',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'quoteRail',
        summary: 'Which rail a payout would take, when it arrives, and why no other 汇路试算',
        description: 'Nothing is sent. An amount is never split to stay below a limit.',
        tags,
        body: Type.Object(
          {
            amount: AmountIn,
            sameBank: Type.Boolean({ description: 'The payee is at the bank that pays' }),
            reaches: Type.Optional(
              Type.Array(Rail, {
                maxItems: RAILS.length,
                description:
                  'Rails on which the bank of the payee can be addressed; all of them if left out',
              }),
            ),
            prefer: Type.Optional(
              Type.Enum(['speed', 'cost'], { description: 'speed, when left out' }),
            ),
            at: Type.Optional(InstantIn),
          },
          CLOSED,
        ),
        response: { 200: Quote },
      },
    },
    async ({ platformId, body }) => {
      const { amount, sameBank, reaches = RAILS, prefer = 'speed', at } = body;
      const question = { amount: BigInt(amount), sameBank, reaches, prefer, at: instantOf(at) };
      const { chosen, rails, ...quote } = await quoteRail(deps, platformId, question);
      return {
        ...{ at: quote.at, outcome: quote.outcome, rail: chosen?.rail ?? null },
        ...{ sendAt: chosen?.sendAt ?? null, arrivesBy: chosen?.arrivesBy ?? null },
        cost: chosen?.cost ?? null,
        rails: rails.map(verdictView),
      };
    },
  );
};

const ruleRoutes: Routes<{ deps: RailDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/rails',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listRailRules',
        summary: 'Terms of rails by version, with where the numbers are from 汇路规则',
        description:
          'In force is the one that began last (begun together: the highest version); the platform’s own come ' +
          'before version 0, which the program comes with.',
        tags,
        response: { 200: Type.Object({ data: Type.Array(Rule) }) },
      },
    },
    async ({ platformId }) => ({ data: (await listRailRules(deps, platformId)).map(ruleView) }),
  );

  app.patch(
    '/v1/rails/:rail',
    {
      config: { scope: 'accounts:write', problems: [railInvalid, railBusy] },
      schema: {
        operationId: 'changeRail',
        summary: 'Add a version of a rail’s terms 修改汇路规则',
        description:
          'What is left out stays as it is in force on validFrom (today, when left out).',
        tags,
        params: Type.Object({ rail: Rail }),
        body: Type.Object(
          {
            validFrom: Type.Optional(IsoDate),
            enabled: Type.Optional(Type.Boolean()),
            cap: Type.Optional(CapIn),
            holidayCap: Type.Optional(CapIn),
            hours: Type.Optional(Type.Object(HoursFields, CLOSED)),
            closures: Type.Optional(Type.Array(ClosureIn, { maxItems: 100 })),
            cost: Type.Optional(PriceIn),
            arrivesWithinMinutes: Type.Optional(Minutes),
          },
          { ...CLOSED, minProperties: 1 },
        ),
        response: { 201: Rule },
      },
    },
    async (request, reply) => {
      const { platformId, body } = request;
      const { rail } = request.params;
      const { validFrom, cap, holidayCap, closures, cost, ...same } = body;
      const terms: Partial<RailTerms> = {
        ...same,
        ...(cap === undefined ? {} : { cap: bigintOf(cap) }),
        ...(holidayCap === undefined ? {} : { holidayCap: bigintOf(holidayCap) }),
        ...(closures ? { closures: closures.map(closureOf) } : {}),
        ...(cost ? { cost: priceOfBody(cost) } : {}),
      };
      const rule = await changeRail(askedBy(request, deps), platformId, { rail, validFrom, terms });
      return reply.code(201).send(ruleView(rule));
    },
  );
};

const instantOf = (text: string | undefined): Date | undefined =>
  text === undefined ? undefined : new Date(text);

const bigintOf = (cap: number | null): bigint | null => (cap === null ? null : BigInt(cap));

const closureOf = ({ from, until, reason }: Static<typeof ClosureIn>) => ({
  ...{ from: new Date(from), reason },
  until: until === null ? null : new Date(until),
});

function ruleView({ rail, version, validFrom, terms, evidence }: RailRule): Static<typeof Rule> {
  const { cost, closures, ...rest } = terms;
  const tiers = cost.tiers && { ...cost.tiers, bands: [...cost.tiers.bands] };
  return {
    ...{ rail, version, validFrom, ...rest, evidence },
    closures: [...closures],
    cost: { ...cost, tiers },
  };
}

function verdictView({ rule, ...verdict }: RailVerdict) {
  return { ...verdict, text: REASON_TEXT[verdict.reason], version: rule?.version ?? null };
}
