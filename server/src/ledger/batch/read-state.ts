import {
  bigintAt,
  bigintOrNone,
  booleanAt,
  dateOrNone,
  hexAt,
  intAt,
  type Row,
  textAt,
  textOrNone,
} from '../../db/row.ts';
import { int8Array, textArray } from '../../db/wire.ts';
import { businessDate } from '../../kernel/business-date.ts';
import { currency } from '../../kernel/currency.ts';
import { type Account, accountId, accountState } from '../core/account.ts';
import type { Fingerprinted, KnownRequest } from '../core/evaluate.ts';
import type { Hold, Original } from '../core/working-set.ts';
import type { Send, Statement } from './connection.ts';
import type { OpenDay } from './memory.ts';
import type { Named } from './named.ts';
import { readPostings } from './read-postings.ts';
import { refusalFromJson } from './stored-refusal.ts';

/** What a batch has read. `day` is undefined when the open business day closed while we waited for it. */
export interface BatchState {
  readonly day: OpenDay | undefined;
  readonly accounts: readonly Account[];
  readonly holds: readonly Hold[];
  readonly originals: readonly Original[];
  readonly known: ReadonlyMap<string, KnownRequest>;
}

/** What is to be read for a batch. */
export interface Reading {
  /** `accounts`: without those that are known already. */
  readonly names: Named;
  /** Requests to look for: whether they were answered before. */
  readonly requests: readonly Fingerprinted[] | undefined;
  /** Take the platform's lane first. */
  readonly lock: boolean;
}

/**
 * Reads what a batch decides on, in one round trip but in separate statements, and the open business day first
 * of all. Either that locks the platform's lane; a statement sees the world as it was when it began, so the
 * others must begin after it has waited. Or nothing is locked, and what was read counts only as long as the
 * day has the version that was read first.
 *
 * The lane is the row of the open business day, and everybody who changes a guarded account takes it first and
 * changes its version. So batches of one platform follow one another, on however many servers; no two can
 * deadlock; and accounts need no locks of their own (docs/adr/0004 has the figures).
 */
export async function readState(
  send: Send,
  platformId: bigint,
  { names, requests, lock }: Reading,
): Promise<BatchState> {
  const { accounts: ids, holds: holdIds, transfers } = names;
  const day = send(dayStatement(platformId, lock));
  const namesAny = ids.length + holdIds.length + transfers.length > 0;
  const accounts = namesAny ? send(accountStatement(platformId, names)) : [];
  const holds = holdIds.length > 0 ? send(holdStatement(platformId, holdIds)) : [];
  const originals = transfers.length > 0 ? send(originalStatement(platformId, transfers)) : [];
  const known = requests ? send(requestStatement(platformId, requests)) : [];
  const [[dayRow], accountRows, holdRows, originalRows, knownRows] = await Promise.all([
    day,
    accounts,
    holds,
    originals,
    known,
  ]);
  return {
    day: dayRow && toDay(dayRow),
    accounts: accountRows.map(toAccount),
    holds: holdRows.map(toHold),
    originals: originalRows.map(toOriginal),
    known: await knownRequests(send, platformId, knownRows),
  };
}

const dayStatement = (platformId: bigint, lock: boolean): Statement => ({
  name: lock ? 'batch_day_locked' : 'batch_day',
  text: `select business_date, last_move_id, version, rules_version from business_day
          where platform_id = $1 and closed_at is null${lock ? ' for no key update' : ''}`,
  values: [platformId],
});

const toDay = (row: Row): OpenDay => ({
  date: businessDate(textAt(row, 0)),
  lastMoveId: bigintAt(row, 1),
  version: bigintAt(row, 2),
  rulesVersion: bigintAt(row, 3),
});

const ACCOUNT_COLUMNS =
  'account_id, guarded, currency, main_account_id, state, balance, held, overdraft_limit, last_move_id, frozen';

/** With holds or reversals the accounts behind them are read too. */
function accountStatement(platformId: bigint, { accounts, holds, transfers }: Named): Statement {
  const select = `select ${ACCOUNT_COLUMNS} from account where platform_id = $1 and account_id = any `;
  if (holds.length + transfers.length === 0) {
    return {
      name: 'batch_accounts',
      text: `${select} ($2::bigint[])`,
      values: [platformId, int8Array(accounts)],
    };
  }
  return {
    name: 'batch_accounts_behind',
    text: `${select} (array(
        select unnest($2::bigint[])
        union select account_id from hold where platform_id = $1 and hold_id = any ($3::bigint[])
        union select debit_account_id from transfer where platform_id = $1 and transfer_id = any ($4::bigint[])
        union select credit_account_id from transfer where platform_id = $1 and transfer_id = any ($4::bigint[])))`,
    values: [platformId, int8Array(accounts), int8Array(holds), int8Array(transfers)],
  };
}

const holdStatement = (platformId: bigint, holds: readonly bigint[]): Statement => ({
  name: 'batch_holds',
  text: `select hold_id, account_id, amount, remaining, owner, expires_at from hold
          where platform_id = $1 and hold_id = any ($2::bigint[])`,
  values: [platformId, int8Array(holds)],
});

const originalStatement = (platformId: bigint, transfers: readonly bigint[]): Statement => ({
  name: 'batch_originals',
  text: `select t.transfer_id, t.debit_account_id, t.credit_account_id, t.amount, r.transfer_id
           from transfer t
           left join transfer r on r.platform_id = $1 and r.reverses_id = t.transfer_id
          where t.platform_id = $1 and t.transfer_id = any ($2::bigint[])`,
  values: [platformId, int8Array(transfers)],
});

/** Which of the requests were answered before; for `knownRequests`. */
export const requestStatement = (
  platformId: bigint,
  requests: readonly Fingerprinted[],
): Statement => ({
  name: 'batch_requests',
  text: `select request_id, fingerprint, first_move_id, move_count, refusal from ledger_request
          where platform_id = $1 and request_id = any ($2::text[])`,
  values: [platformId, textArray(requests.map(({ requestId }) => requestId))],
});

function toAccount(row: Row): Account {
  const common = {
    id: accountId(bigintAt(row, 0)),
    currency: currency(textAt(row, 2)),
    mainAccountId: bigintAt(row, 3),
  };
  if (!booleanAt(row, 1)) return { ...common, guarded: false };
  return {
    ...common,
    guarded: true,
    state: accountState(textAt(row, 4)),
    balance: bigintAt(row, 5),
    held: bigintAt(row, 6),
    overdraftLimit: bigintAt(row, 7),
    lastMoveId: bigintAt(row, 8),
    frozen: bigintAt(row, 9),
  };
}

function toHold(row: Row): Hold {
  return {
    holdId: bigintAt(row, 0),
    account: accountId(bigintAt(row, 1)),
    amount: bigintAt(row, 2),
    remaining: bigintAt(row, 3),
    owner: textOrNone(row, 4),
    expiresAt: dateOrNone(row, 5),
  };
}

function toOriginal(row: Row): Original {
  return {
    transferId: bigintAt(row, 0),
    debit: accountId(bigintAt(row, 1)),
    credit: accountId(bigintAt(row, 2)),
    amount: bigintAt(row, 3),
    reversedBy: bigintOrNone(row, 4),
  };
}

/** The answers of requests that are known: refusals as stored, acceptances from the postings they left. */
export async function knownRequests(
  send: Send,
  platformId: bigint,
  rows: readonly Row[],
): Promise<Map<string, KnownRequest>> {
  const accepted = rows.filter((row) => row[4] === null);
  const ranges = accepted.map((row) => ({ firstMoveId: bigintAt(row, 2), count: intAt(row, 3) }));
  const answers = await readPostings(send, platformId, ranges);
  return new Map(
    rows.map((row): [string, KnownRequest] => {
      const answer = row[4] === null ? answers.get(bigintAt(row, 2)) : refusalFromJson(row[4]);
      if (!answer) throw new Error(`the postings of request ${textAt(row, 0)} are missing`);
      return [textAt(row, 0), { fingerprint: hexAt(row, 1), answer }];
    }),
  );
}
