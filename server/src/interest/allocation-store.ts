import { sql } from 'kysely';
import { type Originated, recordChange } from '../audit/index.ts';
import { type Db, inTransaction } from '../db/database.ts';
import { type BusinessDate, businessDate } from '../kernel/business-date.ts';
import { textId, uuidOf } from '../kernel/id.ts';
import { type AccountId, accountId } from '../ledger/index.ts';

export const allocationTextId = (uuid: string): string => textId('ial', uuid);
export const allocationUuid = (text: string): string | undefined => uuidOf('ial', text);

/** Interest that the bank has paid, as it is divided. Minor units. */
export interface Allocation {
  readonly allocationId: string;
  readonly content: string;
  readonly mainAccountId: bigint;
  readonly amount: bigint;
  readonly from: BusinessDate;
  readonly to: BusinessDate;
  readonly product: bigint;
  /** What the platform's own rates would have given. */
  readonly computed: bigint;
  readonly reference: string | null;
  readonly createdAt: Date;
}

/** The part of one account. */
export interface AllocationPart {
  readonly account: AccountId;
  readonly product: bigint;
  readonly share: bigint;
  readonly done: boolean;
  readonly problem: string | null;
}

/** Writes an allocation with its parts: from now on each is owed. Throws the unique violation of its request id. */
export async function insertAllocation(
  db: Db,
  platformId: bigint,
  allocation: Allocation & { requestId: string; parts: readonly AllocationPart[] } & Originated,
): Promise<void> {
  const { allocationId, amount, from, to, computed, parts, createdAt, origin } = allocation;
  await inTransaction(db, async (tx) => {
    await sql`
      insert into interest_allocation (platform_id, allocation_id, request_id, content, main_account_id, amount,
                                       period_from, period_to, product, computed, reference, created_at)
      values (${platformId}, ${allocationId}, ${allocation.requestId}, ${allocation.content}, ${allocation.mainAccountId},
              ${amount}, ${from}::date, ${to}::date, ${`${allocation.product}`}::numeric, ${computed},
              ${allocation.reference}, ${createdAt})`.execute(tx);
    await sql`
      insert into interest_allocation_part (platform_id, allocation_id, account_id, product, share)
      select ${platformId}, ${allocationId}, p.* from unnest(
        ${parts.map(({ account }) => account)}::bigint[], ${parts.map(({ product }) => `${product}`)}::numeric[],
        ${parts.map(({ share }) => share)}::bigint[]) p`.execute(tx);
    await recordChange(tx, platformId, {
      ...{ origin, at: createdAt, action: 'interest.allocated', before: null },
      object: { type: 'interest_allocation', id: allocationTextId(allocationId) },
      after: { amount, from, to, computed, accounts: parts.length },
    });
  });
}

/** One allocation, by id or by the request that made it. */
export async function selectAllocation(
  db: Db,
  platformId: bigint,
  wanted: { readonly allocationId: string } | { readonly requestId: string },
): Promise<Allocation | undefined> {
  const { rows } = await sql<
    Omit<Allocation, 'from' | 'to' | 'product'> & { from: string; to: string; product: string }
  >`
    select allocation_id as "allocationId", content, main_account_id as "mainAccountId", amount, period_from as from,
           period_to as to, product, computed, reference, created_at as "createdAt"
      from interest_allocation
     where platform_id = ${platformId}
       and ${'requestId' in wanted ? sql`request_id = ${wanted.requestId}` : sql`allocation_id = ${wanted.allocationId}::uuid`}`.execute(
    db,
  );
  const [row] = rows;
  return (
    row && {
      ...row,
      ...{ from: businessDate(row.from), to: businessDate(row.to), product: BigInt(row.product) },
    }
  );
}

/** The parts of an allocation, by account. */
export async function selectParts(
  db: Db,
  platformId: bigint,
  { allocationId, limit }: { allocationId: string; limit: number },
): Promise<readonly AllocationPart[]> {
  const { rows } = await sql<{
    account: bigint;
    product: string;
    share: bigint;
    done: boolean;
    problem: string | null;
  }>`
    select account_id as account, product, share, done, problem from interest_allocation_part
     where platform_id = ${platformId} and allocation_id = ${allocationId}::uuid
     order by account_id limit ${limit}`.execute(db);
  return rows.map((row) => ({
    ...row,
    account: accountId(row.account),
    product: BigInt(row.product),
  }));
}

/** What was paid of an allocation, and to how many. */
export async function selectPaid(
  db: Db,
  platformId: bigint,
  allocationId: string,
): Promise<{ readonly accounts: number; readonly paid: bigint }> {
  const { rows } = await sql<{ accounts: number; paid: bigint }>`
    select count(*)::integer as accounts, coalesce(sum(share) filter (where done), 0)::bigint as paid
      from interest_allocation_part
     where platform_id = ${platformId} and allocation_id = ${allocationId}::uuid`.execute(db);
  return rows[0] ?? { accounts: 0, paid: 0n };
}

/** A part that is still to be paid. */
export interface OpenPart {
  readonly allocationId: string;
  readonly account: AccountId;
  readonly share: bigint;
  readonly from: BusinessDate;
  readonly to: BusinessDate;
}

/** Parts that are still to be paid and were not tried on this business date, of one allocation or of all. */
export async function selectOpenParts(
  db: Db,
  platformId: bigint,
  {
    allocationId,
    date,
    limit,
  }: { allocationId?: string | undefined; date: BusinessDate; limit: number },
): Promise<readonly OpenPart[]> {
  const { rows } = await sql<{
    allocationId: string;
    account: bigint;
    share: bigint;
    from: string;
    to: string;
  }>`
    select p.allocation_id as "allocationId", p.account_id as account, p.share, a.period_from as from, a.period_to as to
      from interest_allocation_part p
      join interest_allocation a on a.platform_id = p.platform_id and a.allocation_id = p.allocation_id
     where p.platform_id = ${platformId} and not p.done and (p.tried_on is null or p.tried_on < ${date}::date)
       ${allocationId === undefined ? sql`` : sql`and p.allocation_id = ${allocationId}::uuid`}
     order by p.allocation_id, p.account_id limit ${limit}`.execute(db);
  return rows.map((row) => ({
    ...row,
    account: accountId(row.account),
    ...{ from: businessDate(row.from), to: businessDate(row.to) },
  }));
}

/** Those of these accounts that are owed a share. */
export async function selectOwedShares(
  db: Db,
  platformId: bigint,
  accounts: readonly AccountId[],
): Promise<ReadonlySet<AccountId>> {
  const { rows } = await sql<{ account: bigint }>`
    select distinct account_id as account from interest_allocation_part
     where platform_id = ${platformId} and not done and account_id = any (${[...accounts]}::bigint[])`.execute(
    db,
  );
  return new Set(rows.map(({ account }) => accountId(account)));
}

/** Notes why a part was not paid on a business date. */
export async function updatePartProblem(
  db: Db,
  platformId: bigint,
  {
    part: { allocationId, account },
    date,
    problem,
  }: { part: OpenPart; date: BusinessDate; problem: string },
): Promise<void> {
  await sql`
    update interest_allocation_part set tried_on = ${date}::date, problem = ${problem}
     where platform_id = ${platformId} and allocation_id = ${allocationId}::uuid and account_id = ${account}
       and not done`.execute(db);
}
