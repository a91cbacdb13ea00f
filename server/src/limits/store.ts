import { CompiledQuery, type RawBuilder, sql } from 'kysely';
import type { Db } from '../db/database.ts';
import {
  ACT_KINDS,
  type CounterpartyEntry,
  type LimitRule,
  type Limits,
  type Need,
  needKey,
  type RuleKey,
  type Subject,
  subjectOf,
  type Used,
} from './rule.ts';
import { type Moment, needsJson, USED } from './usage-document.ts';

/** True when a platform has anything that is to be looked at before money moves. */
export async function hasAnyRule(db: Db, platformId: bigint): Promise<boolean> {
  const { rows } = await sql<{ any: boolean }>`
    select exists (select from limit_rule where platform_id = ${platformId})
        or exists (select from counterparty_entry where platform_id = ${platformId}) as any`.execute(
    db,
  );
  return rows[0]?.any ?? false;
}

interface RuleRow extends Limits {
  readonly uuid: string;
  readonly subject: string;
  readonly direction: string;
  readonly act: string;
  readonly currency: string;
  readonly changedAt: Date;
}

const RULE_COLUMNS = sql`rule_id as uuid, subject, direction, act, currency, single_amount as "singleAmount",
  day_amount as "dayAmount", day_count as "dayCount", month_amount as "monthAmount", month_count as "monthCount",
  window_seconds as "windowSeconds", window_amount as "windowAmount", window_count as "windowCount",
  changed_at as "changedAt"`;

function toRule({ subject, direction, act, ...row }: RuleRow): LimitRule {
  return {
    ...row,
    subject: subjectOf(subject),
    direction: direction === 'in' ? 'in' : 'out',
    act: ACT_KINDS.find((each) => each === act) ?? 'any',
  };
}

/** Rules of these subjects, or all below `after`, in the order in which they were made. */
export async function selectRules(
  db: Db,
  platformId: bigint,
  filter: {
    readonly subjects?: readonly Subject[] | undefined;
    readonly uuid?: string | undefined;
    readonly after?: string | undefined;
    readonly limit?: number | undefined;
  },
): Promise<LimitRule[]> {
  const { rows } = await sql<RuleRow>`
    select ${RULE_COLUMNS} from limit_rule
     where platform_id = ${platformId} ${conditions(sql.ref('rule_id'), filter)}`.execute(db);
  return rows.map(toRule);
}

function conditions(
  id: RawBuilder<unknown>,
  filter: Pick<Parameters<typeof selectRules>[2], 'subjects' | 'uuid' | 'after' | 'limit'>,
) {
  const { subjects, uuid, after, limit } = filter;
  return sql`
    ${subjects === undefined ? sql`` : sql`and subject = any (${[...subjects]}::text[])`}
    ${uuid === undefined ? sql`` : sql`and ${id} = ${uuid}`}
    ${after === undefined ? sql`` : sql`and ${id} > ${after}`}
    order by ${id} ${limit === undefined ? sql`` : sql`limit ${limit}`}`;
}

/** The rule of that key, if there is one. */
export async function selectRuleOf(
  db: Db,
  platformId: bigint,
  { subject, direction, act, currency }: RuleKey,
): Promise<LimitRule | undefined> {
  const { rows } = await sql<RuleRow>`
    select ${RULE_COLUMNS} from limit_rule where platform_id = ${platformId} and subject = ${subject}
       and direction = ${direction} and act = ${act} and currency = ${currency}`.execute(db);
  return rows.map(toRule)[0];
}

/** Puts a rule in place of the one of its key. */
export async function upsertRule(tx: Db, platformId: bigint, rule: LimitRule): Promise<void> {
  const limits = {
    ...{ single_amount: rule.singleAmount, day_amount: rule.dayAmount, day_count: rule.dayCount },
    ...{ month_amount: rule.monthAmount, month_count: rule.monthCount },
    ...{ window_seconds: rule.windowSeconds, window_amount: rule.windowAmount },
    ...{ window_count: rule.windowCount, changed_at: rule.changedAt },
  };
  const { subject, direction, act, currency } = rule;
  await tx
    .insertInto('limit_rule')
    .values({
      ...{ platform_id: platformId, rule_id: rule.uuid, subject, direction, act, currency },
      ...limits,
    })
    .onConflict((key) =>
      key.columns(['platform_id', 'subject', 'direction', 'act', 'currency']).doUpdateSet(limits),
    )
    .execute();
}

/** Removes a rule. */
export async function deleteRule(tx: Db, platformId: bigint, uuid: string): Promise<void> {
  await tx
    .deleteFrom('limit_rule')
    .where('platform_id', '=', platformId)
    .where('rule_id', '=', uuid)
    .execute();
}

interface EntryRow {
  readonly uuid: string;
  readonly list: string;
  readonly subject: string;
  readonly counterparty: string;
  readonly reason: string;
  readonly addedAt: Date;
}

const toEntry = ({ list, subject, counterparty, ...row }: EntryRow): CounterpartyEntry => ({
  ...row,
  list: list === 'allow' ? 'allow' : 'block',
  subject: subjectOf(subject),
  counterparty: subjectOf(counterparty),
});

/** Entries of lists, as `selectRules`. */
export async function selectEntries(
  db: Db,
  platformId: bigint,
  filter: Parameters<typeof selectRules>[2],
): Promise<CounterpartyEntry[]> {
  const { rows } = await sql<EntryRow>`
    select entry_id as uuid, list, subject, counterparty, reason, added_at as "addedAt" from counterparty_entry
     where platform_id = ${platformId} ${conditions(sql.ref('entry_id'), filter)}`.execute(db);
  return rows.map(toEntry);
}

/**
 * The entries that matter for subjects: blocks between two of them, or of the whole platform; and of who has an allow
 * list those that name one of them, or any one, so that it is known that there is a list. Bounded by the subjects.
 */
export async function selectEntriesAmong(
  db: Db,
  platformId: bigint,
  subjects: readonly Subject[],
): Promise<CounterpartyEntry[]> {
  const names = [...subjects];
  const { rows } = await sql<EntryRow>`
    select entry_id as uuid, list, subject, counterparty, reason, added_at as "addedAt" from counterparty_entry
     where platform_id = ${platformId} and subject = any (${['platform', ...names]}::text[])
       and counterparty = any (${names}::text[])
    union
    select e.* from unnest(${names}::text[]) s (subject)
     cross join lateral (
       select entry_id, list, subject, counterparty, reason, added_at from counterparty_entry
        where platform_id = ${platformId} and list = 'allow' and subject = s.subject limit 1) e`.execute(
    db,
  );
  return rows.map(toEntry);
}

/** Adds an entry, unless it is there. Gives the one that is there then. */
export async function insertEntry(
  tx: Db,
  platformId: bigint,
  entry: CounterpartyEntry,
): Promise<CounterpartyEntry> {
  const { uuid, list, subject, counterparty, reason, addedAt } = entry;
  await tx
    .insertInto('counterparty_entry')
    .values({
      ...{ platform_id: platformId, entry_id: uuid, list, subject, counterparty, reason },
      added_at: addedAt,
    })
    .onConflict((key) =>
      key.columns(['platform_id', 'list', 'subject', 'counterparty']).doNothing(),
    )
    .execute();
  const { rows } = await sql<EntryRow>`
    select entry_id as uuid, list, subject, counterparty, reason, added_at as "addedAt" from counterparty_entry
     where platform_id = ${platformId} and list = ${list} and subject = ${subject}
       and counterparty = ${counterparty}`.execute(tx);
  return rows.map(toEntry)[0] ?? entry;
}

/** Removes an entry. */
export async function deleteEntry(tx: Db, platformId: bigint, uuid: string): Promise<void> {
  await tx
    .deleteFrom('counterparty_entry')
    .where('platform_id', '=', platformId)
    .where('entry_id', '=', uuid)
    .execute();
}

/** What is used of needs at a moment, by `needKey`. */
export async function selectUsed(
  db: Db,
  platformId: bigint,
  { needs, moment }: { needs: readonly Need[]; moment: Moment },
): Promise<Map<string, Used>> {
  if (needs.length === 0) return new Map();
  const text = `select n.position, used.amount::text as amount, used.count ${USED}`;
  const json = needsJson(needs.map((need) => ({ need, moment })));
  const { rows } = await db.executeQuery<{ position: number; amount: string; count: bigint }>(
    CompiledQuery.raw(text, [platformId, json]),
  );
  return new Map(
    rows.flatMap(({ position, amount, count }): [string, Used][] => {
      const need = needs[position];
      return need ? [[needKey(need), { amount: BigInt(amount), count }]] : [];
    }),
  );
}
