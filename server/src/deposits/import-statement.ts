import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { openStatementFile, type StatementFileOptions } from '../banking/index.ts';
import { type Db, isUnavailable } from '../db/database.ts';
import { AppError } from '../kernel/error.ts';
import { busy, databaseUnavailable, outcomeUnknown } from '../ledger/index.ts';
import {
  type MainAccountRecord,
  mainAccountNotFound,
  readMainAccountRecord,
  readMainAccountRecords,
} from '../virtual-accounts/index.ts';
import { importTextId } from './bank-entry.ts';
import { CountedBytes } from './counted-bytes.ts';
import type { DepositDeps } from './deposit-deps.ts';
import {
  type ImportNote,
  type ImportReport,
  outcomeOf,
  type RecordedFile,
} from './import-report.ts';
import type { ImportSlots } from './import-slots.ts';
import { inSession } from './in-session.ts';
import { COPY_LINES, LINE_TABLE } from './line-encoder.ts';
import { notesOfNotPosted } from './not-posted.ts';
import { postEntries } from './post-entries.ts';
import { predictOutcome } from './predict-outcome.ts';
import { emptyContent, type FileContent, type OpenedLines, readFile } from './read-file.ts';
import { recordContent } from './record-content.ts';
import { beginImport, insertImport, readOutcomeRows } from './record-store.ts';
import { hasReferencesPerDay } from './resolve-account.ts';

/** What is told while a file is imported. */
export type ImportProgress =
  | { readonly phase: 'reading'; readonly bytes: number; readonly lines: number }
  | { readonly phase: 'recording'; readonly lines: number }
  | { readonly phase: 'posting'; readonly posted: number };

/** A statement file, and what is known of it beforehand. */
export interface ImportInput {
  readonly source: AsyncIterable<Uint8Array>;
  readonly fileName?: string | undefined;
  /** The number of the main account that the file must be of; needed where the file does not say it. */
  readonly mainAccount?: string | undefined;
  readonly file?: Omit<StatementFileOptions, 'accountNumber'> | undefined;
  /** Read, check and match everything, and change nothing. */
  readonly dryRun?: boolean | undefined;
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined;
  /** Shared by all imports of a server, where clients may send more than it should take at once. */
  readonly slots?: ImportSlots | undefined;
}

/**
 * Takes a bank's statement file in, in one pass: its lines are recorded, once each by the bank's reference, when
 * the whole file was read and agreed with itself; then they are posted to members, to suspense, or as named
 * debits. A file that is imported again changes nothing, and the report says so. When posting cannot be finished
 * now, what waits is in the report, and the next sweep finishes it. What the ledger takes nowhere now, because
 * suspense is full, waits too, with a note why; later files are not held up by it.
 *
 * Throws AppError before anything is recorded, so that nothing has changed: what reading can end in
 * (`banking/errors.ts`), `main_account_not_found`, `statement_account_unknown`, `statement_account_required`,
 * `statement_account_differs`, `statement_currency_differs`, `statement_reference_conflict`,
 * `statement_account_changed`. Any other error may come after the file was recorded, or with that in doubt (a
 * connection lost in COMMIT, or while the outcome is read): importing the file again finds out, and records
 * nothing twice.
 */
export async function importStatement(
  deps: DepositDeps,
  platformId: bigint,
  input: ImportInput,
): Promise<ImportReport> {
  return importFrom(deps, platformId, input, async (accounts) => {
    const bytes = new CountedBytes(input.slots?.watch(input.source) ?? input.source);
    const opened = await openStatementFile(bytes.read(), {
      ...(accounts.named ? { currency: accounts.named.currency } : {}),
      ...input.file,
      referencesPerDay: (statement) => hasReferencesPerDay(accounts, statement),
    });
    return { opened, bytes };
  });
}

/** Lines that are about to be read, and how the bytes that they come in are counted. */
export interface LineSource {
  readonly opened: OpenedLines;
  readonly bytes: Pick<CountedBytes, 'count' | 'digest'>;
}

/** The main accounts that lines may be of. */
interface KnownAccounts {
  readonly all: readonly MainAccountRecord[];
  readonly named: MainAccountRecord | undefined;
}

/** How lines that are not of a file are taken in. */
type IntakeInput = Omit<ImportInput, 'source' | 'file'>;

/** Takes lines in as `importStatement` does, from wherever `open` gets them. Throws the same. */
export async function importFrom(
  deps: DepositDeps,
  platformId: bigint,
  input: IntakeInput,
  open: (accounts: KnownAccounts) => Promise<LineSource>,
): Promise<ImportReport> {
  const { dryRun = false, onProgress, slots } = input;
  const record = () => recordFile(deps, platformId, input, open);
  const kept = await (slots ? slots.read(platformId, record) : record());
  const { importId, file, createdAt, predicted } = kept;
  const notes = [...file.notes];
  if (!dryRun) {
    const onPosted = (posted: number) => onProgress?.({ phase: 'posting', posted });
    notes.push(...(await postNow(deps, platformId, { importId, onPosted })));
  }
  const outcome = predicted ?? (await readOutcome(deps, platformId, importId));
  const id = kept.isKept ? importTextId(importId) : null;
  return { id, dryRun, createdAt, ...file, notes, ...outcome };
}

/** What became of an import's entries, as it is now. */
async function readOutcome(
  { sessions }: Pick<DepositDeps, 'sessions'>,
  platformId: bigint,
  importId: string,
) {
  return outcomeOf(await readOutcomeRows(sessions, platformId, importId));
}

/**
 * The file is recorded: that the ledger is too busy now is no reason to say that it was not. Says what of the import
 * it would not take.
 */
async function postNow(
  deps: DepositDeps,
  platformId: bigint,
  { importId, onPosted }: { importId: string; onPosted: (posted: number) => void },
): Promise<readonly ImportNote[]> {
  try {
    const options = { onProgress: onPosted, waitForOther: true };
    const { notPosted } = await postEntries(deps, platformId, options);
    return notesOfNotPosted(notPosted.get(importId) ?? []);
  } catch (error) {
    if (isUnavailable(error)) return [];
    const passing = [busy, databaseUnavailable, outcomeUnknown];
    if (error instanceof AppError && passing.some(({ code }) => code === error.definition.code)) {
      return [];
    }
    throw error;
  }
}

interface Kept {
  readonly importId: string;
  readonly file: RecordedFile;
  readonly isKept: boolean;
  readonly createdAt: Date;
  readonly predicted: ReturnType<typeof outcomeOf> | undefined;
}

async function recordFile(
  deps: DepositDeps,
  platformId: bigint,
  input: IntakeInput,
  open: (accounts: KnownAccounts) => Promise<LineSource>,
): Promise<Kept> {
  const accounts = await readAccounts(deps.db, platformId, input.mainAccount);
  const { opened, bytes } = await open(accounts);
  const { format, evidence: detectedBy } = opened;
  const importId = deps.newUuid();
  const content = emptyContent();
  const buffers = readFile(opened, { accounts: { ...accounts, format }, importId }, content);
  const hold = <T>(work: () => Promise<T>) => (input.slots ? input.slots.hold(work) : work());
  try {
    const lines = await begun(buffers);
    const reading = { input, importId, content, bytes, origin: { format, detectedBy } };
    return await hold(() =>
      inSession(deps.sessions, (session) =>
        recordLines(deps, platformId, { session, lines, reading }),
      ),
    );
  } finally {
    // Ends the source when nobody came to read it on. It may be waiting for bytes: that is not waited for.
    void buffers.return(undefined).catch(() => undefined);
  }
}

/** What is known of a file while its lines are read. */
interface Reading {
  readonly input: IntakeInput;
  readonly importId: string;
  readonly content: FileContent;
  readonly bytes: LineSource['bytes'];
  readonly origin: Pick<RecordedFile, 'format' | 'detectedBy'>;
}

async function recordLines(
  deps: DepositDeps,
  platformId: bigint,
  work: { session: pg.PoolClient; lines: AsyncIterable<Buffer>; reading: Reading },
): Promise<Kept> {
  const { session, lines, reading } = work;
  const { input, importId, content, bytes, origin } = reading;
  await beginImport(session, LINE_TABLE);
  await copyLines(session, lines, reading);
  input.onProgress?.({ phase: 'recording', lines: content.lines });
  const digest = bytes.digest();
  const recorded = await recordContent(session, platformId, {
    ...{ importId, content, digest, format: origin.format },
  });
  const file: RecordedFile = {
    ...{ ...origin, fileName: input.fileName ?? null, fileBytes: bytes.count },
    ...{ statements: content.statements, statementCount: content.statementCount },
    ...{ lines: content.lines, skipped: content.skipped, notes: content.notes },
    ...recorded,
  };
  const createdAt = deps.clock.now();
  if (input.dryRun) {
    const predicted = await predictOutcome(deps, platformId, session, importId);
    await session.query('rollback');
    return { importId, file, isKept: false, createdAt, predicted };
  }
  const isKept = file.changed || file.sameFileAs === null;
  if (isKept) {
    await insertImport(session, platformId, { importId, digest, report: file, at: createdAt });
    await session.query('commit');
  } else await session.query('rollback');
  return { importId, file, isKept, createdAt, predicted: undefined };
}

async function readAccounts(
  db: Db,
  platformId: bigint,
  number: string | undefined,
): Promise<KnownAccounts> {
  if (number === undefined) {
    return { all: await readMainAccountRecords(db, platformId), named: undefined };
  }
  const named = await readMainAccountRecord(db, platformId, number);
  if (!named) throw new AppError(mainAccountNotFound, { mainAccount: number });
  return { all: [named], named };
}

/**
 * The same buffers, the first of which has been read: most files are in it whole. So no connection waits for the
 * beginning of an upload, and none at all for most files.
 */
async function begun(buffers: AsyncGenerator<Buffer>): Promise<AsyncIterable<Buffer>> {
  const first = await buffers.next();
  return (async function* () {
    if (first.done) return;
    yield first.value;
    yield* buffers;
  })();
}

async function copyLines(
  session: pg.PoolClient,
  lines: AsyncIterable<Buffer>,
  { input: { onProgress }, content, bytes }: Reading,
): Promise<void> {
  const buffers = async function* () {
    for await (const buffer of lines) {
      onProgress?.({ phase: 'reading', bytes: bytes.count, lines: content.lines });
      yield buffer;
    }
  };
  await pipeline(buffers, session.query(copyFrom(COPY_LINES)));
}
