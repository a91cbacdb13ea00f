import { brokenUnique, type Db, isDocumentConflict } from '../db/database.ts';
import { amount, MAX_AMOUNT } from '../kernel/amount.ts';
import type { Clock } from '../kernel/clock.ts';
import {
  type AccountId,
  accountId,
  type DocumentWriter,
  documentOf,
  type Ledger,
  openBusinessDate,
  readAccounts,
} from '../ledger/index.ts';
import { FEE_CODES } from './charge.ts';
import { insertRefusedCollection, selectOwed } from './charge-store.ts';

/** Accounts that one sweep asks for their fees; the next one takes the rest. */
export const COLLECTIONS_PER_SWEEP = 200;

/** What is taken of an account on a business date, for the months before. Minor units. */
interface CollectionRecord {
  readonly account: AccountId;
  readonly income: AccountId;
  readonly businessDate: string;
  /** Charges of business dates before this one are due: the first of the open month. */
  readonly before: string;
  readonly owed: bigint;
  readonly amount: bigint;
}

/**
 * Takes the fees of the months before that are still owed, of each account at once, as far as its money goes: never
 * into an overdraft, never of what is put aside. What is left stays owed, and is asked for on the next business date.
 * Says how many accounts it looked at.
 *
 * The request id names account and date, and so does the row that commits with the money or says why nothing was
 * taken: of several servers that try at once one does it.
 */
export async function collectFees(
  deps: { readonly db: Db; readonly ledger: Ledger; readonly clock: Clock },
  platformId: bigint,
): Promise<number> {
  const { db } = deps;
  const date = await openBusinessDate(db, platformId);
  const before = `${date.slice(0, 'YYYY-MM'.length)}-01`;
  const owing = await selectOwed(db, platformId, { before, date, limit: COLLECTIONS_PER_SWEEP });
  const accounts = await readAccounts(
    db,
    platformId,
    owing.map(({ account }) => accountId(account)),
  );
  const failures: unknown[] = [];
  const one = async ({ account, income, owed }: (typeof owing)[number]) => {
    const id = accountId(account);
    const now = accounts.get(id);
    const free = now ? now.balance - now.held : 0n;
    const taken = [owed, free, MAX_AMOUNT].reduce((least, each) => (each < least ? each : least));
    const record = { account: id, income: accountId(income), businessDate: date, before, owed };
    await collect(deps, platformId, { ...record, amount: taken > 0n ? taken : 0n }).catch(
      (error: unknown) => failures.push(error),
    );
  };
  await Promise.all(owing.map(one));
  if (failures.length > 0) throw new AggregateError(failures, 'for some accounts');
  return owing.length;
}

async function collect(
  { db, ledger, clock }: { readonly db: Db; readonly ledger: Ledger; readonly clock: Clock },
  platformId: bigint,
  record: CollectionRecord,
): Promise<void> {
  const { account, businessDate } = record;
  const note = (refusalCode: string) =>
    insertRefusedCollection(db, platformId, { ...record, refusalCode, at: clock.now() });
  if (record.amount === 0n) return note('insufficient_funds');
  const move = {
    kind: 'transfer' as const,
    code: FEE_CODES.fee,
    ...{ debit: account, credit: record.income, amount: amount(record.amount) },
    reference: `fees before ${record.before}`,
  };
  const requestId = `fee-collection/${account}/${businessDate}`;
  const document = documentOf(collectionWriter, record);
  try {
    const answer = await ledger.submit({ platformId, requestId, moves: [move], document });
    // With another amount: another server found more or less money, and has taken it.
    if (answer.accepted || answer.refusal.code === 'request_id_reused') return;
    await note(answer.refusal.code);
  } catch (error) {
    // Something was waived, or another server has noted this date: nothing moved, and the next sweep looks again.
    if (!isDocumentConflict(error) && brokenUnique(error) === undefined) throw error;
  }
}

/** Spreads what was taken over the charges, the oldest first, and undoes the submission when it does not fit. */
const collectionWriter: DocumentWriter<CollectionRecord> = {
  write: (platformId, items) => ({
    name: 'fees_collect',
    text: `with taken as (
             select * from jsonb_to_recordset($2::jsonb)
               as v (account_id bigint, business_date date, before date, income_account_id bigint, owed bigint,
                     amount bigint, transfer_id bigint, at timestamptz)),
           due as (
             select c.charge_id, c.remaining, t.account_id, t.amount,
                    sum(c.remaining) over (partition by t.account_id order by c.charge_id) - c.remaining as ahead
               from taken t
               join fee_charge c on c.platform_id = $1 and c.bearer_account_id = t.account_id
                                and c.business_date < t.before and c.remaining > 0),
           paid as (
             update fee_charge c set collected = c.collected + least(d.remaining, d.amount - d.ahead)
               from due d
              where c.platform_id = $1 and c.charge_id = d.charge_id and c.remaining = d.remaining
                and d.amount > d.ahead
             returning d.account_id, least(d.remaining, d.amount - d.ahead) as part),
           kept as (
             insert into fee_collection (platform_id, account_id, business_date, income_account_id, owed, amount,
                                         transfer_id, at)
             select $1, t.account_id, t.business_date, t.income_account_id, t.owed, t.amount, t.transfer_id, t.at
               from taken t
              where t.amount = (select sum(part) from paid p where p.account_id = t.account_id)
             returning 1)
           select expect_count((select count(*) from kept), $3)`,
    values: [
      platformId,
      JSON.stringify(
        items.map(({ row, answer }) => ({
          account_id: `${row.account}`,
          business_date: row.businessDate,
          before: row.before,
          income_account_id: `${row.income}`,
          owed: `${row.owed}`,
          amount: `${row.amount}`,
          transfer_id: `${answer.postings[0]?.moveId}`,
          at: answer.bookedAt,
        })),
      ),
      items.length,
    ],
  }),
};
