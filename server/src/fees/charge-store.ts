import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { type AccountId, accountId } from '../ledger/index.ts';
import type { ChargeFacts } from './charge.ts';
import { type FeeRuleRow, RULE_COLUMNS, toFeeRule } from './store.ts';

type ChargeColumns = Omit<ChargeFacts, 'rule' | 'bearer' | 'income'> & {
  readonly bearerAccount: bigint;
  readonly incomeAccount: bigint;
};

/** Charges, newest first, below the number `before`. */
export async function selectCharges(
  db: Db,
  platformId: bigint,
  filter: {
    readonly chargeId?: bigint | undefined;
    readonly account?: AccountId | undefined;
    readonly cause?: string | undefined;
    readonly owedOnly?: boolean | undefined;
    readonly before?: bigint | undefined;
    readonly limit: number;
  },
): Promise<readonly ChargeFacts[]> {
  const { chargeId, account, cause, owedOnly = false, before, limit } = filter;
  const { rows } = await sql<ChargeColumns & FeeRuleRow>`
    select c.charge_id as "chargeId", c.cause, c.amount, c.fee, c.bearer_account_id as "bearerAccount",
           c.income_account_id as "incomeAccount", c.transfer_id as "transferId", c.collected, c.waived, c.refunded,
           c.business_date as "businessDate", r.*
      from fee_charge c
      join (select ${RULE_COLUMNS} from fee_rule where platform_id = ${platformId}) r on r."feeRuleId" = c.fee_rule_id
     where c.platform_id = ${platformId}
       ${chargeId === undefined ? sql`` : sql`and c.charge_id = ${chargeId}`}
       ${account === undefined ? sql`` : sql`and c.bearer_account_id = ${account}`}
       ${cause === undefined ? sql`` : sql`and c.cause = ${cause}`}
       ${owedOnly ? sql`and c.remaining > 0` : sql``}
       ${before === undefined ? sql`` : sql`and c.charge_id < ${before}`}
     order by c.charge_id desc limit ${limit}`.execute(db);
  return rows.map((row) => ({
    chargeId: row.chargeId,
    ...{ cause: row.cause, amount: row.amount, fee: row.fee, transferId: row.transferId },
    ...{ collected: row.collected, waived: row.waived, refunded: row.refunded },
    businessDate: row.businessDate,
    bearer: accountId(row.bearerAccount),
    income: accountId(row.incomeAccount),
    rule: toFeeRule(row),
  }));
}

/** What a request has forgiven or given back. */
export interface FeeReturnRow {
  readonly chargeId: bigint;
  readonly kind: string;
  readonly waived: bigint;
  readonly refunded: bigint;
  readonly transferId: bigint | null;
  readonly reason: string | null;
  readonly at: Date;
}

/** What a request has forgiven or given back; undefined when it has not. */
export async function selectReturn(
  db: Db,
  platformId: bigint,
  requestId: string,
): Promise<FeeReturnRow | undefined> {
  const { rows } = await sql<FeeReturnRow>`
    select charge_id as "chargeId", kind, waived, refunded, transfer_id as "transferId", reason, at from fee_return
     where platform_id = ${platformId} and request_id = ${requestId}`.execute(db);
  return rows[0];
}

/** What an account owes for the months before. */
export interface OwedRow {
  readonly account: bigint;
  readonly income: bigint;
  readonly owed: bigint;
}

/** Accounts that owe fees of business dates before `before`, and were not asked for them on `date` yet. */
export async function selectOwed(
  db: Db,
  platformId: bigint,
  { before, date, limit }: { before: string; date: string; limit: number },
): Promise<readonly OwedRow[]> {
  const { rows } = await sql<OwedRow>`
    select c.bearer_account_id as account, max(c.income_account_id) as income, sum(c.remaining)::bigint as owed
      from fee_charge c
     where c.platform_id = ${platformId} and c.remaining > 0 and c.business_date < ${before}::date
       and not exists (select from fee_collection f
                        where f.platform_id = ${platformId} and f.account_id = c.bearer_account_id
                          and f.business_date = ${date}::date)
     group by c.bearer_account_id order by c.bearer_account_id limit ${limit}`.execute(db);
  return rows;
}

/** What an account owes in all, of the open month too. */
export async function selectOwedBy(
  db: Db,
  platformId: bigint,
  account: AccountId,
): Promise<bigint> {
  const { rows } = await sql<{ owed: bigint }>`
    select coalesce(sum(remaining), 0)::bigint as owed from fee_charge
     where platform_id = ${platformId} and bearer_account_id = ${account} and remaining > 0`.execute(
    db,
  );
  return rows[0]?.owed ?? 0n;
}

/** An attempt to take what an account owes. Minor units. */
export interface CollectionRow {
  readonly account: AccountId;
  readonly businessDate: string;
  readonly income: AccountId;
  readonly owed: bigint;
  readonly amount: bigint;
  readonly transferId: bigint | null;
  readonly refusalCode: string | null;
  readonly at: Date;
}

/** Notes that nothing was taken on a date, and why; does nothing when that date has its note. */
export async function insertRefusedCollection(
  db: Db,
  platformId: bigint,
  row: Omit<CollectionRow, 'amount' | 'transferId'>,
): Promise<void> {
  await sql`
    insert into fee_collection (platform_id, account_id, business_date, income_account_id, owed, amount, refusal_code, at)
    values (${platformId}, ${row.account}, ${row.businessDate}::date, ${row.income}, ${row.owed}, 0, ${row.refusalCode},
            ${row.at})
    on conflict (platform_id, account_id, business_date) do nothing`.execute(db);
}

/** Attempts of an account or of all, newest date first, after a place in that order. */
export async function selectCollections(
  db: Db,
  platformId: bigint,
  filter: {
    readonly account?: AccountId | undefined;
    readonly after?: { readonly date: string; readonly account: bigint } | undefined;
    readonly limit: number;
  },
): Promise<readonly CollectionRow[]> {
  const { account, after, limit } = filter;
  const { rows } = await sql<
    Omit<CollectionRow, 'account' | 'income'> & { account: bigint; income: bigint }
  >`
    select account_id as account, business_date as "businessDate", income_account_id as income, owed, amount,
           transfer_id as "transferId", refusal_code as "refusalCode", at
      from fee_collection
     where platform_id = ${platformId}
       ${account === undefined ? sql`` : sql`and account_id = ${account}`}
       ${after === undefined ? sql`` : sql`and (business_date, account_id) < (${after.date}::date, ${after.account})`}
     order by business_date desc, account_id desc limit ${limit}`.execute(db);
  return rows.map((row) => ({
    ...row,
    account: accountId(row.account),
    income: accountId(row.income),
  }));
}
