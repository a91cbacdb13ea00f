import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { type BusinessDate, businessDate } from '../kernel/business-date.ts';
import { textId, uuidOf } from '../kernel/id.ts';
import { type AccountId, accountId } from '../ledger/index.ts';
import type { InterestSegment, TierProduct } from './accrue.ts';

export const settlementTextId = (uuid: string): string => textId('int', uuid);
export const settlementUuid = (text: string): string | undefined => uuidOf('int', text);

/** How far an account has its interest. */
export interface AccountState {
  readonly settledTo: BusinessDate | null;
  readonly sequence: number;
  readonly problem: string | null;
}

const NEVER: AccountState = { settledTo: null, sequence: 0, problem: null };

/** How far accounts have their interest, by account; those that never had any, too. */
export async function selectStates(
  db: Db,
  platformId: bigint,
  accounts: readonly AccountId[],
): Promise<{ get(id: AccountId): AccountState }> {
  const { rows } = await sql<
    Omit<AccountState, 'settledTo'> & { id: bigint; settledTo: string | null }
  >`
    select account_id as id, settled_to as "settledTo", sequence, problem from interest_account
     where platform_id = ${platformId} and account_id = any (${[...accounts]}::bigint[])`.execute(
    db,
  );
  const states = new Map(
    rows.map(({ id, settledTo, ...row }) => [
      accountId(id),
      { ...row, settledTo: settledTo === null ? null : businessDate(settledTo) },
    ]),
  );
  return { get: (id) => states.get(id) ?? NEVER };
}

/** Makes sure that an account has its row, to be counted on with the money. */
export async function ensureState(db: Db, platformId: bigint, account: AccountId): Promise<void> {
  await sql`
    insert into interest_account (platform_id, account_id) values (${platformId}, ${account})
    on conflict (platform_id, account_id) do nothing`.execute(db);
}

/** Notes why a scheduled settlement of an account was not done; null: nothing is wrong any more. */
export async function updateProblem(
  db: Db,
  platformId: bigint,
  { account, problem }: { account: AccountId; problem: string | null },
): Promise<void> {
  await sql`
    update interest_account set problem = ${problem}
     where platform_id = ${platformId} and account_id = ${account} and problem is distinct from ${problem}`.execute(
    db,
  );
}

/** Accounts whose last scheduled settlement was not done, and why, above a ledger id. */
export async function selectProblems(
  db: Db,
  platformId: bigint,
  { after, limit }: { after?: bigint | undefined; limit: number },
): Promise<readonly (AccountState & { readonly account: AccountId })[]> {
  const { rows } = await sql<
    Omit<AccountState, 'settledTo'> & { id: bigint; settledTo: string | null }
  >`
    select account_id as id, settled_to as "settledTo", sequence, problem from interest_account
     where platform_id = ${platformId} and problem is not null and account_id > ${after ?? 0n}
     order by account_id limit ${limit}`.execute(db);
  return rows.map(({ id, settledTo, ...row }) => ({
    ...row,
    account: accountId(id),
    settledTo: settledTo === null ? null : businessDate(settledTo),
  }));
}

/** A settlement as it is kept. Minor units; `exact` in `EXACT_PARTS`. */
export interface Settlement {
  readonly settlementId: string;
  readonly requestId: string;
  readonly account: AccountId;
  readonly from: BusinessDate;
  readonly to: BusinessDate;
  readonly product: bigint;
  readonly exact: bigint;
  /** By the rates, rounded. */
  readonly computed: bigint;
  /** What was paid: the same, or the share of what the bank has paid. */
  readonly interest: bigint;
  readonly segments: readonly InterestSegment[];
  readonly allocationId: string | null;
  readonly transferId: bigint | null;
  readonly businessDate: string;
  readonly at: Date;
  readonly reversal: SettlementReversal | null;
}

/** What took a settlement back. */
export interface SettlementReversal {
  readonly transferId: bigint | null;
  readonly reason: string;
  readonly at: Date;
}

interface SettlementRow {
  readonly settlementId: string;
  readonly requestId: string;
  readonly account: bigint;
  readonly from: string;
  readonly to: string;
  readonly product: string;
  readonly exact: string;
  readonly computed: bigint;
  readonly interest: bigint;
  readonly segments: unknown;
  readonly allocationId: string | null;
  readonly transferId: bigint | null;
  readonly businessDate: string;
  readonly at: Date;
  readonly reversalTransfer: bigint | null;
  readonly reason: string | null;
  readonly reversedAt: Date | null;
}

/** Settlements, newest first, below the UUID `before`; of a request id, of an account, one, or all. */
export async function selectSettlements(
  db: Db,
  platformId: bigint,
  filter: {
    readonly settlementId?: string | undefined;
    readonly requestId?: string | undefined;
    readonly account?: AccountId | undefined;
    readonly allocationId?: string | undefined;
    readonly before?: string | undefined;
    readonly limit: number;
  },
): Promise<readonly Settlement[]> {
  const { settlementId, requestId, account, allocationId, before, limit } = filter;
  const { rows } = await sql<SettlementRow>`
    select s.settlement_id as "settlementId", s.request_id as "requestId", s.account_id as account,
           s.period_from as from, s.period_to as to, s.product, s.exact, s.computed, s.interest, s.segments,
           s.allocation_id as "allocationId", s.transfer_id as "transferId", s.business_date as "businessDate", s.at,
           r.transfer_id as "reversalTransfer", r.reason, r.at as "reversedAt"
      from interest_settlement s
      left join interest_reversal r on r.platform_id = s.platform_id and r.settlement_id = s.settlement_id
     where s.platform_id = ${platformId}
       ${settlementId === undefined ? sql`` : sql`and s.settlement_id = ${settlementId}::uuid`}
       ${requestId === undefined ? sql`` : sql`and s.request_id = ${requestId}`}
       ${account === undefined ? sql`` : sql`and s.account_id = ${account}`}
       ${allocationId === undefined ? sql`` : sql`and s.allocation_id = ${allocationId}::uuid`}
       ${before === undefined ? sql`` : sql`and s.settlement_id < ${before}::uuid`}
     order by s.settlement_id desc limit ${limit}`.execute(db);
  return rows.map(toSettlement);
}

function toSettlement(row: SettlementRow): Settlement {
  const { reversalTransfer, reason, reversedAt, ...kept } = row;
  return {
    ...kept,
    account: accountId(row.account),
    from: businessDate(row.from),
    to: businessDate(row.to),
    product: BigInt(row.product),
    exact: BigInt(row.exact),
    segments: segmentsFromJson(row.segments),
    reversal:
      reason === null || reversedAt === null
        ? null
        : { transferId: reversalTransfer, reason, at: reversedAt },
  };
}

/** Fields of segments that are numbers of any size: in JSON they are text. */
type AsText<T> = {
  readonly [K in keyof T]: T[K] extends bigint
    ? string
    : T[K] extends bigint | null
      ? string | null
      : T[K];
};

/** Segments as JSON text. */
export function segmentsToJson(segments: readonly InterestSegment[]): string {
  return JSON.stringify(segments, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

function segmentsFromJson(json: unknown): InterestSegment[] {
  // Safe: only segmentsToJson writes it, and nothing changes it.
  const segments = json as readonly (Omit<AsText<InterestSegment>, 'tiers'> & {
    readonly tiers: readonly AsText<TierProduct>[];
  })[];
  return segments.map((segment) => ({
    ...segment,
    product: BigInt(segment.product),
    exact: BigInt(segment.exact),
    tiers: segment.tiers.map(({ upTo, ratePpm, product }) => ({
      upTo: upTo === null ? null : BigInt(upTo),
      ratePpm: BigInt(ratePpm),
      product: BigInt(product),
    })),
  }));
}

/** The request that has taken a settlement back, with which one; undefined when it is new. */
export async function selectReversed(
  db: Db,
  platformId: bigint,
  requestId: string,
): Promise<string | undefined> {
  const { rows } = await sql<{ settlementId: string }>`
    select settlement_id as "settlementId" from interest_reversal
     where platform_id = ${platformId} and request_id = ${requestId}`.execute(db);
  return rows[0]?.settlementId;
}
