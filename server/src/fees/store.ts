import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { textId } from '../kernel/id.ts';
import { priceFromJson } from '../kernel/price-json.ts';
import { bearerOf, type FeeRule, feeRuleTextId, onReversalOf, timingOf } from './fee-rule.ts';

/** A rule as its columns are read. */
export interface FeeRuleRow {
  readonly feeRuleId: string;
  readonly product: string;
  readonly currency: string;
  readonly memberId: string | null;
  readonly version: number;
  readonly bearer: string;
  readonly timing: string;
  readonly onReversal: string;
  readonly price: unknown;
  readonly validFrom: Date;
  readonly validUntil: Date | null;
  readonly createdAt: Date;
}

/** The columns of a rule. */
export const RULE_COLUMNS = sql`
  fee_rule_id as "feeRuleId", product, currency, member_id as "memberId", version, bearer, timing,
  on_reversal as "onReversal", price,
  valid_from as "validFrom", valid_until as "validUntil", created_at as "createdAt"`;

/** A version to be added; ids are UUIDs. */
export interface NewFeeRule extends Omit<FeeRuleRow, 'version' | 'price'> {
  /** JSON text. */
  readonly price: string | null;
}

/** Adds the next version. Throws the unique violation when another was added meanwhile. */
export async function insertRule(db: Db, platformId: bigint, rule: NewFeeRule): Promise<FeeRule> {
  const { rows } = await sql<FeeRuleRow>`
    insert into fee_rule (platform_id, fee_rule_id, product, currency, member_id, version, bearer, timing, on_reversal,
                          price, valid_from, valid_until, created_at)
    select ${platformId}::bigint, ${rule.feeRuleId}::uuid, ${rule.product}::text, ${rule.currency}::text,
           ${rule.memberId}::uuid, coalesce(max(version), 0) + 1, ${rule.bearer}::text, ${rule.timing}::text, ${rule.onReversal}::text,
           ${rule.price}::jsonb, ${rule.validFrom}::timestamptz, ${rule.validUntil}::timestamptz,
           ${rule.createdAt}::timestamptz
      from fee_rule
     where platform_id = ${platformId} and product = ${rule.product} and currency = ${rule.currency}
       and member_id is not distinct from ${rule.memberId}::uuid
    returning ${RULE_COLUMNS}`.execute(db);
  const [row] = rows;
  if (!row) throw new Error('an insert gives back its row');
  return toFeeRule(row);
}

/** The platform's and the member's own. */
const MAX_COVERING = 2;

/** The versions that began last of those that cover a moment: the platform's, and the member's when one is named. */
export async function selectCovering(
  db: Db,
  platformId: bigint,
  wanted: { product: string; currency: string; memberId: string | null; at: Date },
): Promise<readonly FeeRule[]> {
  const { product, currency, memberId, at } = wanted;
  const { rows } = await sql<FeeRuleRow>`
    select distinct on (member_id) ${RULE_COLUMNS}
      from fee_rule
     where platform_id = ${platformId} and product = ${product} and currency = ${currency}
       and (member_id is null or member_id = ${memberId}::uuid)
       and valid_from <= ${at} and (valid_until is null or valid_until > ${at})
     order by member_id, valid_from desc, version desc limit ${MAX_COVERING}`.execute(db);
  return rows.map(toFeeRule);
}

/** Versions that have begun by a moment, the newest first: of the platform, and of the member when one is named. */
export async function selectBegun(
  db: Db,
  platformId: bigint,
  wanted: { product: string; currency: string; memberId: string | null; at: Date; limit: number },
): Promise<readonly FeeRule[]> {
  const { product, currency, memberId, at, limit } = wanted;
  const { rows } = await sql<FeeRuleRow>`
    select ${RULE_COLUMNS} from fee_rule
     where platform_id = ${platformId} and product = ${product} and currency = ${currency}
       and (member_id is null or member_id = ${memberId}::uuid) and valid_from <= ${at}
     order by fee_rule_id desc limit ${limit}`.execute(db);
  return rows.map(toFeeRule);
}

/** Versions of rules, newest id first, below the UUID `after`. */
export async function selectRules(
  db: Db,
  platformId: bigint,
  filter: {
    product?: string | undefined;
    memberId?: string | undefined;
    after?: string | undefined;
    limit: number;
  },
): Promise<readonly FeeRule[]> {
  const { product, memberId, after, limit } = filter;
  const { rows } = await sql<FeeRuleRow>`
    select ${RULE_COLUMNS} from fee_rule
     where platform_id = ${platformId}
       and (${product ?? null}::text is null or product = ${product ?? null})
       and (${memberId ?? null}::uuid is null or member_id = ${memberId ?? null}::uuid)
       and (${after ?? null}::uuid is null or fee_rule_id < ${after ?? null}::uuid)
     order by fee_rule_id desc limit ${limit}`.execute(db);
  return rows.map(toFeeRule);
}

/** True when the platform has that member, by UUID. */
export async function hasMember(db: Db, platformId: bigint, memberId: string): Promise<boolean> {
  const { rows } = await sql`
    select from member where platform_id = ${platformId} and member_id = ${memberId}`.execute(db);
  return rows.length > 0;
}

/** A rule from its columns. */
export function toFeeRule({ feeRuleId, ...row }: FeeRuleRow): FeeRule {
  return {
    ...row,
    id: feeRuleTextId(feeRuleId),
    memberId: row.memberId === null ? null : textId('mem', row.memberId),
    bearer: bearerOf(row.bearer),
    timing: timingOf(row.timing),
    onReversal: onReversalOf(row.onReversal),
    price: row.price === null ? null : priceFromJson(row.price),
  };
}
