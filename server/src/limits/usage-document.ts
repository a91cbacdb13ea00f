import { int8Array, textArray } from '../db/wire.ts';
import { moveIdAt } from '../kernel/id.ts';
import type { AcceptedAnswer, DocumentWriter } from '../ledger/index.ts';
import { MAX_WINDOW_SECONDS, type Need, type Period } from './rule.ts';
import type { Count } from './tally.ts';

/** What is counted with an act, and what must hold then. */
export interface UsageRecord {
  readonly counts: readonly Count[];
  readonly needs: readonly Need[];
}

/** The time over which a need counts, when it is looked at. */
export interface Moment {
  readonly date: string;
  readonly at: Date;
}

const monthOf = (date: string): string => `${date.slice(0, 'YYYY-MM-'.length)}01`;
const windowStart = (at: Date, seconds: number): bigint =>
  moveIdAt(new Date(at.getTime() - seconds * 1000));

/** The first business date of a period that has not ended. */
const sinceOf = (period: Period, date: string): string =>
  period === 'month' ? monthOf(date) : date;

/** Needs as JSON, for `USED`. */
export function needsJson(
  needs: readonly { readonly need: Need; readonly moment: Moment }[],
): string {
  const rows = needs.map(({ need, moment: { date, at } }, position) => {
    const { rule, period, subject, mostAmount, mostCount } = need;
    const isWindow = period === 'window' && rule.windowSeconds !== null;
    return {
      ...{ position, subject, direction: rule.direction, currency: rule.currency },
      act: rule.act === 'any' ? null : rule.act,
      since: isWindow ? null : sinceOf(period, date),
      until: isWindow ? null : date,
      since_move: isWindow ? `${windowStart(at, rule.windowSeconds)}` : null,
      most_amount: mostAmount === null ? null : `${mostAmount}`,
      most_count: mostCount,
    };
  });
  return JSON.stringify(rows);
}

/** What is used of each need: of platform `$1`, needs as `$2`. */
export const USED = `
  from jsonb_to_recordset($2::jsonb) n (position integer, subject text, direction text, currency text, act text,
         since date, until date, since_move bigint, most_amount numeric, most_count bigint)
  cross join lateral (
    select coalesce(sum(x.amount), 0) as amount, coalesce(sum(x.count), 0)::bigint as count from (
      select u.amount, u.count from limit_usage u
       where u.platform_id = $1 and u.subject = n.subject and u.direction = n.direction
         and u.currency = n.currency and u.business_date between n.since and n.until
         and (n.act is null or u.act = n.act)
      union all
      select e.amount, 1 from limit_event e
       where e.platform_id = $1 and e.subject = n.subject and e.direction = n.direction
         and e.currency = n.currency and e.move_id >= n.since_move
         and (n.act is null or e.act = n.act)) x) used`;

/**
 * Counts what was done, and then holds it against the limits, in the transaction that moves the money. Batches of a
 * platform follow one another, so no two can both take the last of a limit; a submission that would exceed one is
 * undone, alone.
 */
export const usageWriter: DocumentWriter<UsageRecord> = {
  write: (platformId, items) => {
    const counted = items.flatMap(({ row, answer }) =>
      row.counts.map((count) => ({ ...count, answer })),
    );
    if (counted.length === 0) return [];
    const kept = counted.filter(({ isKept }) => isKept);
    const needs = items.flatMap(({ row, answer }) =>
      row.needs.map((need) => ({ need, moment: momentOf(answer) })),
    );
    return [
      countStatement(platformId, counted),
      ...(kept.length > 0 ? [keepStatement(platformId, kept)] : []),
      ...(needs.length > 0
        ? [
            {
              name: 'limit_check',
              text: `select expect_count(count(*) filter (where coalesce(used.amount <= n.most_amount, true)
                              and coalesce(used.count <= n.most_count, true)), $3) ${USED}`,
              values: [platformId, needsJson(needs), needs.length],
            },
          ]
        : []),
    ];
  },
};

const momentOf = ({ businessDate, bookedAt }: AcceptedAnswer): Moment => ({
  date: businessDate,
  at: bookedAt,
});

type Counted = Count & { readonly answer: AcceptedAnswer };

function countStatement(platformId: bigint, counted: readonly Counted[]) {
  return {
    name: 'limit_count',
    text: `insert into limit_usage (platform_id, subject, direction, currency, business_date, act, amount, count)
           select $1::bigint, subject, direction, currency, business_date, act, sum(amount), count(*)
             from unnest($2::text[], $3::text[], $4::text[], $5::text[]::date[], $6::text[], $7::bigint[])
               v (subject, direction, currency, business_date, act, amount)
            group by subject, direction, currency, business_date, act
           on conflict (platform_id, subject, direction, currency, business_date, act)
           do update set amount = limit_usage.amount + excluded.amount, count = limit_usage.count + excluded.count`,
    values: [
      platformId,
      textArray(counted.map(({ subject }) => subject)),
      textArray(counted.map(({ direction }) => direction)),
      textArray(counted.map(({ currency }) => currency)),
      textArray(counted.map(({ answer }) => answer.businessDate)),
      textArray(counted.map(({ act }) => act)),
      int8Array(counted.map(({ amount }) => amount)),
    ],
  };
}

/** What is older than any sliding time goes where something new comes. */
function keepStatement(platformId: bigint, kept: readonly Counted[]) {
  const latest = new Date(Math.max(...kept.map(({ answer }) => answer.bookedAt.getTime())));
  return {
    name: 'limit_keep',
    text: `with v as (
             select * from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[])
               v (subject, direction, currency, move_id, act, amount)),
           gone as (
             delete from limit_event e using (select distinct subject, direction, currency from v) o
              where e.platform_id = $1 and e.subject = o.subject and e.direction = o.direction
                and e.currency = o.currency and e.move_id < $8::bigint)
           insert into limit_event (platform_id, subject, direction, currency, move_id, act, amount)
           select $1::bigint, v.* from v`,
    values: [
      platformId,
      textArray(kept.map(({ subject }) => subject)),
      textArray(kept.map(({ direction }) => direction)),
      textArray(kept.map(({ currency }) => currency)),
      int8Array(kept.map(({ answer, moveIndex }) => answer.postings[moveIndex]?.moveId ?? null)),
      textArray(kept.map(({ act }) => act)),
      int8Array(kept.map(({ amount }) => amount)),
      windowStart(latest, MAX_WINDOW_SECONDS),
    ],
  };
}
