import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { accountsById } from '../virtual-accounts/index.ts';
import {
  type BankEntry,
  type BankEntryState,
  entryUuid,
  importTextId,
  importUuid,
} from './bank-entry.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { selectClaims, selectEntries } from './entry-store.ts';
import { bankEntryNotFound, statementImportNotFound } from './errors.ts';
import {
  type ImportReport,
  outcomeOf,
  type RecordedFile,
  reportFromJson,
} from './import-report.ts';
import { readOutcomeRows } from './record-store.ts';

/** A claim of an entry (调账入款), and the transfer that took it back, if any. */
export interface EntryClaim {
  readonly account: string | null;
  readonly transferId: bigint;
  readonly reversalTransferId: bigint | null;
}

/** Claims of one entry that are shown. */
const MAX_CLAIMS = 100;

/** One entry with its claims, the latest first. Throws AppError: `bank_entry_not_found`. */
export async function readBankEntry(
  { db }: { db: Db },
  platformId: bigint,
  id: string,
): Promise<BankEntry & { readonly claims: readonly EntryClaim[] }> {
  const entryId = entryUuid(id);
  const [entry] =
    entryId === undefined ? [] : await selectEntries(db, platformId, { entryId, limit: 1 });
  if (!entry) throw new AppError(bankEntryNotFound, { bankEntry: id });
  const rows = await selectClaims(db, platformId, { entryId: entry.entryId, limit: MAX_CLAIMS });
  const accounts = await accountsById(
    db,
    platformId,
    rows.map(({ account }) => account),
  );
  const claims = rows.map(({ account, transferId, reversalTransferId }) => ({
    account: accounts.get(account)?.number ?? null,
    transferId,
    reversalTransferId,
  }));
  return { ...entry, claims };
}

/**
 * Entries in the order in which they were recorded, after the id `after`. `next`: the id to go on after, when
 * there are more. An import that does not exist has none.
 */
export async function listBankEntries(
  { db }: { db: Db },
  platformId: bigint,
  filter: {
    state?: BankEntryState | undefined;
    mainAccount?: string | undefined;
    statementImport?: string | undefined;
    after?: string | undefined;
    limit: number;
  },
): Promise<{ entries: readonly BankEntry[]; next: string | undefined }> {
  const { state, mainAccount, statementImport, after, limit } = filter;
  const importId = statementImport === undefined ? undefined : importUuid(statementImport);
  const found = await selectEntries(db, platformId, {
    ...{ state, mainAccount, importId },
    after: after === undefined ? undefined : entryUuid(after),
    limit: limit + 1,
  });
  const entries = found.slice(0, limit);
  return { entries, next: found.length > limit ? entries.at(-1)?.id : undefined };
}

/** An import as a list shows it: what became of its entries is read for one at a time. */
export type ImportSummary = RecordedFile & { readonly id: string; readonly createdAt: Date };

interface ImportRow {
  readonly importId: string;
  readonly createdAt: Date;
  readonly report: string;
}

/** Imports, the latest first, before the id `before`. `next`: the id to go on after, when there are more. */
export async function listStatementImports(
  { db }: { db: Db },
  platformId: bigint,
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<{ imports: readonly ImportSummary[]; next: string | undefined }> {
  const uuid = before === undefined ? undefined : importUuid(before);
  const { rows } = await sql<ImportRow>`
    select import_id as "importId", created_at as "createdAt", report::text as report from statement_import
     where platform_id = ${platformId} ${uuid === undefined ? sql`` : sql`and import_id < ${uuid}`}
     order by import_id desc limit ${limit + 1}`.execute(db);
  const imports = rows.slice(0, limit).map(toSummary);
  return { imports, next: rows.length > limit ? imports.at(-1)?.id : undefined };
}

/** One import, with what became of its entries until now. Throws AppError: `statement_import_not_found`. */
export async function readStatementImport(
  { db, sessions }: Pick<DepositDeps, 'db' | 'sessions'>,
  platformId: bigint,
  id: string,
): Promise<ImportReport> {
  const uuid = importUuid(id);
  const { rows } = await sql<ImportRow>`
    select import_id as "importId", created_at as "createdAt", report::text as report from statement_import
     where platform_id = ${platformId} and import_id = ${uuid ?? null}`.execute(db);
  const [row] = rows;
  if (!row) throw new AppError(statementImportNotFound, { statementImport: id });
  const outcome = outcomeOf(await readOutcomeRows(sessions, platformId, row.importId));
  return { ...toSummary(row), ...outcome, dryRun: false };
}

function toSummary({ importId, createdAt, report }: ImportRow): ImportSummary {
  return { id: importTextId(importId), createdAt, ...reportFromJson(report) };
}
