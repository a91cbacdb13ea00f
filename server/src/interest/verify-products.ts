import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { businessDate } from '../kernel/business-date.ts';
import { accountId } from '../ledger/index.ts';
import { type EarningAccount, workOut } from './work-out.ts';

/** Settlements that are worked out anew at once. */
const PAGE = 500;

/** A settlement that is not what the ledger and the rates give. */
export interface OtherProduct {
  readonly subject: string;
  readonly expected: string;
  readonly found: string;
}

interface SettledRow {
  readonly settlementId: string;
  readonly account: bigint;
  readonly number: string;
  readonly kind: string;
  readonly currency: string;
  readonly mainAccountId: bigint;
  readonly from: string;
  readonly to: string;
  readonly product: string;
  readonly exact: string;
}

/**
 * Works every settlement out anew, from the balances that the ledger has and the rates of its days, and names those that
 * differ, up to a limit. `tx`: all of it sees one snapshot.
 */
export async function otherProducts(
  tx: Db,
  platformId: bigint,
  { limit }: { limit: number },
): Promise<readonly OtherProduct[]> {
  const found: OtherProduct[] = [];
  let after: string | null = null;
  while (found.length < limit) {
    const rows: readonly SettledRow[] = await selectPage(tx, platformId, after);
    for (const group of Map.groupBy(rows, ({ from, to }) => `${from}/${to}`).values()) {
      found.push(...(await differing(tx, platformId, group)));
    }
    after = rows.at(-1)?.settlementId ?? null;
    if (rows.length < PAGE) break;
  }
  return found.slice(0, limit);
}

async function differing(
  tx: Db,
  platformId: bigint,
  group: readonly SettledRow[],
): Promise<readonly OtherProduct[]> {
  const [first] = group;
  if (!first) return [];
  const accounts = group.map(
    ({ account, number, kind, currency, mainAccountId }): EarningAccount => ({
      ...{ accountId: accountId(account), number, kind, currency, mainAccountId },
    }),
  );
  const days = { from: businessDate(first.from), to: businessDate(first.to) };
  const earned = await workOut(tx, platformId, { accounts, ...days });
  return group.flatMap(({ settlementId, product, exact }, i) => {
    const accrued = earned[i]?.accrued;
    const expected = `${accrued?.product}/${accrued?.exact}`;
    const its = `${product}/${exact}`;
    if (its === expected) return [];
    return [{ subject: `interest settlement ${settlementId}`, expected, found: its }];
  });
}

async function selectPage(
  tx: Db,
  platformId: bigint,
  after: string | null,
): Promise<readonly SettledRow[]> {
  const { rows } = await sql<SettledRow>`
    select s.settlement_id as "settlementId", s.account_id as account, v.number, v.kind, a.currency,
           v.main_account_id as "mainAccountId", s.period_from as from, s.period_to as to, s.product, s.exact
      from interest_settlement s
      join virtual_account v on v.platform_id = s.platform_id and v.account_id = s.account_id
      join account a on a.platform_id = s.platform_id and a.account_id = s.account_id
     where s.platform_id = ${platformId} and (${after}::uuid is null or s.settlement_id > ${after}::uuid)
     order by s.settlement_id limit ${PAGE}`.execute(tx);
  return rows;
}
