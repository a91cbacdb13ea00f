import { sql } from 'kysely';
import { type BankConnection, connectBank } from '../banking/index.ts';
import type { Db } from '../db/database.ts';
import type { Clock } from '../kernel/clock.ts';

/** The right to ask a bank for the lines of one main account, for a while. */
export interface PollLease {
  readonly mainAccountId: bigint;
  readonly connection: Pick<BankConnection, 'connector' | 'url'>;
  /** Where the next page begins; undefined before the first. */
  readonly cursor: string | undefined;
  readonly failures: number;
  /** Who holds it. */
  readonly lease: string;
}

/** Which lease is meant, and the moment. */
interface Held {
  readonly mainAccountId: bigint;
  readonly lease: string;
  readonly at: Date;
}

/** Says which bank is asked for the lines of a main account, from its first line or from where it was asked until now. */
export async function pollFrom(
  deps: { readonly db: Db; readonly clock: Clock },
  platformId: bigint,
  connection: BankConnection,
): Promise<void> {
  await connectBank(deps, platformId, connection);
  await sql`
    insert into bank_poll (platform_id, main_account_id, next_at)
      values (${platformId}, ${connection.mainAccountId}, ${deps.clock.now()})
      on conflict (platform_id, main_account_id) do update set next_at = excluded.next_at`.execute(
    deps.db,
  );
}

/** Takes the lease of the main account that has waited longest; undefined when none is due, or others are at it. */
export async function takePoll(
  db: Db,
  platformId: bigint,
  { lease, at, until }: { lease: string; at: Date; until: Date },
): Promise<PollLease | undefined> {
  const { rows } = await sql<{
    mainAccountId: bigint;
    connector: BankConnection['connector'];
    url: string;
    cursor: string | null;
    failures: number;
  }>`
    with due as (
      select platform_id, main_account_id from bank_poll
       where platform_id = ${platformId} and next_at <= ${at} and (lease is null or leased_until <= ${at})
       order by next_at, main_account_id limit 1 for update skip locked)
    update bank_poll p set lease = ${lease}, leased_until = ${until}
      from due join bank_connection c on c.platform_id = due.platform_id and c.main_account_id = due.main_account_id
     where p.platform_id = due.platform_id and p.main_account_id = due.main_account_id
    returning p.main_account_id as "mainAccountId", c.connector, c.url, p.cursor, p.failures`.execute(
    db,
  );
  const [row] = rows;
  if (!row) return undefined;
  const { mainAccountId, connector, url, cursor, failures } = row;
  return {
    ...{ mainAccountId, lease, failures },
    connection: { connector, url },
    cursor: cursor ?? undefined,
  };
}

/** Moves the cursor behind a page that was recorded, and keeps the lease. False when another server has it by now. */
export async function keepCursor(
  db: Db,
  platformId: bigint,
  { mainAccountId, lease, at, cursor, until }: Held & { cursor: string; until: Date },
): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update bank_poll set cursor = ${cursor}, leased_until = ${until}, answered_at = ${at}
     where platform_id = ${platformId} and main_account_id = ${mainAccountId} and lease = ${lease}`.execute(
    db,
  );
  return numAffectedRows === 1n;
}

/** Gives the lease back, after a round that went well, or with what was the matter. */
export async function givePollBack(
  db: Db,
  platformId: bigint,
  held: Held & { nextAt: Date; problem?: { code: string; detail: string } | undefined },
): Promise<void> {
  const { mainAccountId, lease, at, nextAt, problem } = held;
  const outcome = problem
    ? sql`failures = failures + 1, problem = ${problem.code}, problem_detail = ${problem.detail}`
    : sql`failures = 0, problem = null, problem_detail = null, answered_at = ${at}`;
  await sql`
    update bank_poll set lease = null, leased_until = null, next_at = ${nextAt}, ${outcome}
     where platform_id = ${platformId} and main_account_id = ${mainAccountId} and lease = ${lease}`.execute(
    db,
  );
}

/** How the reading of a main account's lines goes. */
export interface PollState {
  /** The number of the main account at the bank. */
  readonly mainAccount: string;
  readonly connector: string;
  /** When the bank last answered; null before it ever has. */
  readonly answeredAt: Date | null;
  /** Times in a row that it did not work; what was the matter the last time, as a code and for people. */
  readonly failures: number;
  readonly problem: string | null;
  readonly detail: string | null;
}

/** How the reading goes of each main account that has a bank. */
export async function selectPolls(db: Db, platformId: bigint): Promise<readonly PollState[]> {
  const { rows } = await sql<PollState>`
    select m.number as "mainAccount", c.connector, p.answered_at as "answeredAt", p.failures, p.problem,
           p.problem_detail as detail
      from bank_poll p
      join bank_connection c on c.platform_id = p.platform_id and c.main_account_id = p.main_account_id
      join main_account m on m.platform_id = p.platform_id and m.main_account_id = p.main_account_id
     where p.platform_id = ${platformId} order by p.main_account_id`.execute(db);
  return rows;
}
