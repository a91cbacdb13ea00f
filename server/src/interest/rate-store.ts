import { strict as assert } from 'node:assert';
import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { businessDate } from '../kernel/business-date.ts';
import { textId, uuidOf } from '../kernel/id.ts';
import type { AccountId } from '../ledger/index.ts';
import { DAY_COUNTS, type Rate, type RateTerms } from './accrue.ts';

/** Products that earn interest: the kinds of members' accounts. */
export const INTEREST_PRODUCTS = ['trading', 'margin'] as const;
export type InterestProduct = (typeof INTEREST_PRODUCTS)[number];

/** Whose rate it is: rates of one subject are versions of each other. */
export interface RateSubject {
  readonly product: InterestProduct;
  readonly currency: string;
  /** Null for all accounts of the product that have no rate of their own. */
  readonly account: AccountId | null;
}

/** A version as it is kept. Never changed: a later one comes before it. */
export interface InterestRate extends Rate {
  readonly product: InterestProduct;
  readonly currency: string;
  readonly account: AccountId | null;
  readonly createdAt: Date;
}

interface RateRow {
  readonly rateId: string;
  readonly product: string;
  readonly currency: string;
  readonly account: bigint | null;
  readonly version: number;
  readonly terms: unknown;
  readonly validFrom: string;
  readonly createdAt: Date;
}

const COLUMNS = sql`rate_id as "rateId", product, currency, account_id as account, version, terms,
  valid_from as "validFrom", created_at as "createdAt"`;

const rateTextId = (uuid: string): string => textId('irt', uuid);
export const rateUuid = (text: string): string | undefined => uuidOf('irt', text);

/** Adds the next version. Throws the unique violation when another was added meanwhile. */
export async function insertRate(
  db: Db,
  platformId: bigint,
  rate: RateSubject & {
    rateId: string;
    terms: RateTerms | null;
    validFrom: string;
    createdAt: Date;
  },
): Promise<InterestRate> {
  const { product, currency, account, terms } = rate;
  const { rows } = await sql<RateRow>`
    insert into interest_rate (platform_id, rate_id, product, currency, account_id, version, terms, valid_from, created_at)
    select ${platformId}::bigint, ${rate.rateId}::uuid, ${product}::text, ${currency}::text, ${account}::bigint,
           coalesce(max(version), 0) + 1, ${terms && termsToJson(terms)}::jsonb, ${rate.validFrom}::date,
           ${rate.createdAt}::timestamptz
      from interest_rate
     where platform_id = ${platformId} and product = ${product} and currency = ${currency}
       and account_id is not distinct from ${account}::bigint
    returning ${COLUMNS}`.execute(db);
  const [row] = rows;
  assert(row, 'an insert gives back its row');
  return toRate(row);
}

/** All versions for accounts: those of products, and those of these accounts of their own. */
export async function selectRatesFor(
  db: Db,
  platformId: bigint,
  accounts: readonly AccountId[],
): Promise<readonly InterestRate[]> {
  const { rows } = await sql<RateRow>`
    select ${COLUMNS} from interest_rate
     where platform_id = ${platformId} and (account_id is null or account_id = any (${[...accounts]}::bigint[]))
     order by rate_id`.execute(db);
  return rows.map(toRate);
}

/** Versions, newest first, below the UUID `before`. */
export async function selectRates(
  db: Db,
  platformId: bigint,
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<readonly InterestRate[]> {
  const { rows } = await sql<RateRow>`
    select ${COLUMNS} from interest_rate
     where platform_id = ${platformId} and (${before ?? null}::uuid is null or rate_id < ${before ?? null}::uuid)
     order by rate_id desc limit ${limit}`.execute(db);
  return rows.map(toRate);
}

/** Terms as JSON text: amounts are texts there. */
function termsToJson(terms: RateTerms): string {
  return JSON.stringify(terms, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

function termsFromJson(json: unknown): RateTerms {
  // Safe: only termsToJson writes it, and nothing changes it.
  const { mode, dayCount, tiers } = json as {
    mode: RateTerms['mode'];
    dayCount: number;
    tiers: readonly { upTo: string | null; ratePpm: string }[];
  };
  const known = DAY_COUNTS.find((each) => each === dayCount);
  assert(known !== undefined, 'a rate has a day count');
  return {
    ...{ mode, dayCount: known },
    tiers: tiers.map(({ upTo, ratePpm }) => ({
      upTo: upTo === null ? null : BigInt(upTo),
      ratePpm: BigInt(ratePpm),
    })),
  };
}

function toRate({ rateId, product, terms, validFrom, account, ...row }: RateRow): InterestRate {
  const known = INTEREST_PRODUCTS.find((each) => each === product);
  assert(known !== undefined, 'a rate is of a product');
  return {
    ...row,
    id: rateTextId(rateId),
    product: known,
    // Safe: the table has a foreign key to accounts.
    account: account as AccountId | null,
    own: account !== null,
    terms: terms === null ? null : termsFromJson(terms),
    validFrom: businessDate(validFrom),
  };
}
