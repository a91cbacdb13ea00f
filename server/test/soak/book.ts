import pg from 'pg';
import { openDatabase } from '../../src/db/database.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import type { Told } from './door.ts';
import type { Violations } from './violations.ts';

/** What clients were told last, by key. */
export type Answers = ReadonlyMap<string, Told>;

interface Kept {
  readonly refusal: string | null;
  readonly lines: readonly string[];
}

/**
 * Holds the ledger against what clients were told: every answer is in it exactly once, with the same content,
 * and nothing else is. Then verifies the ledger in itself. `url` is read as the owner.
 */
export async function checkBook(
  url: string,
  { platformId, answers }: { platformId: bigint; answers: Answers },
  violations: Violations,
): Promise<void> {
  const kept = await readKept(url, platformId);
  for (const [key, told] of answers) {
    const row = kept.get(`api/${key}`);
    if (told.kind === 'accepted') {
      const lines = told.lines.join('\n');
      const found = row?.lines.join('\n');
      violations.check(
        found === lines,
        () => `${key} was told\n  ${lines}\n  ledger has\n  ${found}`,
      );
    } else if (told.kind === 'refused') {
      violations.equal(`${key} was refused; ledger`, row?.refusal, told.code);
    } else violations.add(`${key} was left without an answer: ${JSON.stringify(told)}`);
  }
  for (const requestId of kept.keys()) {
    if (!requestId.startsWith('api/')) continue;
    const asked = answers.has(requestId.slice('api/'.length));
    violations.check(asked, () => `${requestId} is in the ledger, and no client asked for it`);
  }
  await verify(url, platformId, violations);
}

/** The ledger in itself: the checks of `guanjia verify`, and one that is written apart from them. */
async function verify(url: string, platformId: bigint, violations: Violations): Promise<void> {
  const database = await openDatabase({ url, asOwner: true });
  try {
    for (const { findings } of await verifyLedger(database.db, platformId)) {
      for (const { check, subject, detail } of findings)
        violations.add(`verify, ${check}: ${subject}: ${detail}`);
    }
  } finally {
    await database.close();
  }
  for (const row of await query<{ story: string }>(url, RUNNING, [platformId]))
    violations.add(row.story);
}

async function readKept(url: string, platformId: bigint): Promise<ReadonlyMap<string, Kept>> {
  // Without statistics the planner takes a table that was just filled for a small one, and this takes hours.
  await query(url, 'analyze', []);
  const rows = await query<{
    request_id: string;
    refusal: string | null;
    lines: (string | null)[];
  }>(url, KEPT, [platformId]);
  return new Map(
    rows.map(({ request_id, refusal, lines }) => [
      request_id,
      { refusal, lines: lines.filter((line) => line !== null) },
    ]),
  );
}

async function query<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Row>(text, values);
    return rows;
  } finally {
    await client.end();
  }
}

/** Each request with what its moves left, in the words of `postingText`. */
const KEPT = `
  with paid as (
    select transfer_id as move_id,
           format('transfer %s %s(%s,%s) -> %s(%s,%s) %s ref %s reverses %s', code, debit_account_id, debit_balance,
                  debit_held, credit_account_id, credit_balance, credit_held, amount, coalesce(reference, '-'),
                  coalesce(reverses_id::text, '-')) as line
      from transfer where platform_id = $1
  ), held as (
    select move_id, format('hold %s %s %s remaining %s(%s,%s)', kind, account_id, amount, remaining, balance, held)
             as line
      from hold_event where platform_id = $1
  ), moved as (
    select move_id, concat_ws(' | ', paid.line, held.line) as line from paid full join held using (move_id)
  ), asked as materialized (
    select request_id, generate_series(first_move_id, first_move_id + move_count - 1) as move_id
      from ledger_request where platform_id = $1 and refusal is null
  )
  select r.request_id, r.refusal -> 'refusal' ->> 'code' as refusal, array_agg(m.line order by m.move_id) as lines
    from ledger_request r
    left join (asked join moved using (move_id)) m using (request_id)
   where r.platform_id = $1
   group by r.platform_id, r.request_id`;

/** Along each account, in the order of the moves, each balance and each held sum follows from the one before. */
const RUNNING = `
  with posting as (
    select debit_account_id as account_id, transfer_id as move_id, -t.amount as moved,
           -coalesce(e.amount, 0) as set_aside, debit_balance as balance, debit_held as held
      from transfer t left join hold_event e on e.platform_id = $1 and e.move_id = t.transfer_id
     where t.platform_id = $1 and debit_balance is not null
    union all
    select credit_account_id, transfer_id, amount, 0, credit_balance, credit_held
      from transfer where platform_id = $1 and credit_balance is not null
    union all
    select account_id, move_id, 0, case kind when 'placed' then amount else -amount end, balance, held
      from hold_event where platform_id = $1 and kind <> 'captured'
  ), line as (
    select *, lag(balance, 1, 0::bigint) over account as balance_before, lag(held, 1, 0::bigint) over account as held_before
      from posting window account as (partition by account_id order by move_id)
  )
  select format('account %s, move %s: (%s,%s) does not follow from (%s,%s)', account_id, move_id, balance, held,
                balance_before, held_before) as story
    from line
   where balance <> balance_before + moved or held <> held_before + set_aside or held < 0 or balance < held
   limit 20`;
