import { strict as assert } from 'node:assert';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { businessDate } from '../kernel/business-date.ts';
import { priceFromJson } from '../kernel/price-json.ts';
import type { Hours } from './calendar/hours.ts';
import { type Closure, RAILS, type Rail, type RailRule, type RailTerms } from './rail-terms.ts';

interface RailRow {
  readonly rail: string;
  readonly version: number;
  readonly validFrom: string;
  readonly terms: unknown;
}

/** All versions of a platform's own rules. */
export async function selectRailRules(db: Db, platformId: bigint): Promise<readonly RailRule[]> {
  const { rows } = await sql<RailRow>`
    select rail, version, valid_from as "validFrom", terms
      from rail_rule where platform_id = ${platformId} order by rail, version`.execute(db);
  return rows.map(toRailRule);
}

/** Adds the next version. Throws the unique violation when another was added meanwhile. */
export async function insertRailRule(
  db: Db,
  platformId: bigint,
  rule: { rail: Rail; validFrom: string; terms: RailTerms; at: Date },
): Promise<RailRule> {
  const { rail, validFrom, terms, at } = rule;
  const { rows } = await sql<RailRow>`
    insert into rail_rule (platform_id, rail, version, valid_from, terms, created_at)
    select ${platformId}::bigint, ${rail}::text, coalesce(max(version), 0) + 1, ${validFrom}::date,
           ${termsToJson(terms)}::jsonb, ${at}::timestamptz
      from rail_rule where platform_id = ${platformId} and rail = ${rail}
    returning rail, version, valid_from as "validFrom", terms`.execute(db);
  const [row] = rows;
  assert(row, 'an insert gives back its row');
  return toRailRule(row);
}

function toRailRule({ rail, version, validFrom, terms }: RailRow): RailRule {
  const known = RAILS.find((each) => each === rail);
  assert(known, 'a constraint keeps other rails out');
  return {
    ...{ rail: known, version, validFrom: businessDate(validFrom) },
    ...{ terms: termsFromJson(terms), evidence: null },
  };
}

/** Amounts are texts there, so that no reader makes doubles of them; moments are in UTC. */
function termsToJson(terms: RailTerms): string {
  return JSON.stringify(terms, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

function termsFromJson(json: unknown): RailTerms {
  const terms = fieldsOf(json);
  const { closures, arrivesWithinMinutes } = terms;
  assert(Array.isArray(closures) && typeof arrivesWithinMinutes === 'number', 'terms of a rail');
  return {
    enabled: terms['enabled'] === true,
    cap: capFromJson(terms['cap']),
    holidayCap: capFromJson(terms['holidayCap']),
    hours: hoursFromJson(terms['hours']),
    closures: closures.map(closureFromJson),
    cost: priceFromJson(terms['cost']),
    arrivesWithinMinutes,
  };
}

function hoursFromJson(json: unknown): Hours {
  const { days, opens, opensDayBefore, closes, marginMinutes } = fieldsOf(json);
  assert(days === 'every' || days === 'working', 'hours have days');
  assert(typeof opens === 'string' && typeof closes === 'string', 'hours have times');
  assert(typeof marginMinutes === 'number', 'hours have a margin');
  return { days, opens, opensDayBefore: opensDayBefore === true, closes, marginMinutes };
}

function closureFromJson(json: unknown): Closure {
  const { from, until, reason } = fieldsOf(json);
  assert(typeof from === 'string' && typeof reason === 'string', 'a closure has a beginning');
  return {
    ...{ from: new Date(from), reason },
    until: typeof until === 'string' ? new Date(until) : null,
  };
}

function capFromJson(json: unknown): bigint | null {
  return typeof json === 'string' ? BigInt(json) : null;
}

function fieldsOf(json: unknown): Readonly<Record<string, unknown>> {
  assert(typeof json === 'object' && json !== null, 'an object of JSON');
  return Object.fromEntries(Object.entries(json));
}
