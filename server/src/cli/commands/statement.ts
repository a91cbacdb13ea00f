import { open, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  checkCsvMapping,
  type StatementFileOptions,
  type StatementFormat,
} from '../../banking/index.ts';
import { type ImportProgress, importStatement } from '../../deposits/index.ts';
import { type Currency, isCurrency } from '../../kernel/currency.ts';
import { errorCode } from '../../kernel/error-code.ts';
import { CHARSET_ALLOWED, isCharset } from '../../kernel/text.ts';
import { type Cli, moneyAction, type PlatformContext, type Result } from '../action.ts';
import { CliError, usageError } from '../cli-error.ts';
import { startProgress } from '../progress.ts';
import { describeImport } from './describe-import.ts';

const FORMATS = [
  'camt.053',
  'mt940',
  'citic-dltrnall',
  'citic-dlstrndt',
  'csv',
] as const satisfies readonly StatementFormat[];

interface ImportOptions {
  readonly mainAccount?: string;
  readonly format?: StatementFormat;
  readonly charset?: string;
  readonly currency?: Currency;
  readonly csvMapping?: string;
  readonly dryRun?: boolean;
}

/** `guanjia statement import FILE` */
export function addStatementCommands(program: Command, cli: Cli): void {
  const statement = program
    .command('statement')
    .summary('bank statements (银行对账单): import')
    .description('Bank statements: what came in at the bank, and for whom.');
  statement
    .command('import')
    .description(
      'Take a bank’s statement file in: each line is recorded once, and its money goes to whom it is for, or to suspense. The whole file or nothing; importing it again changes nothing.',
    )
    .argument('<file>', 'camt.053, MT940, a CITIC reply or CSV; - reads standard input')
    .option(
      '--main-account <number>',
      'the main account that it must be of, where the file does not say',
    )
    .addOption(
      new Option('--format <format>', 'told by the file itself, except CSV').choices(FORMATS),
    )
    .option('--charset <label>', 'such as gb18030, where the file does not say', charset)
    .option(
      '--currency <code>',
      'of the lines, such as CNY, where the file does not say',
      currencyOf,
    )
    .option('--csv-mapping <file>', 'which column is what, in JSON; needed for CSV')
    .option('--dry-run', 'read, check and match everything, and change nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  guanjia statement import camt053.xml\n  guanjia statement import lines.csv --format csv --csv-mapping bank.json --main-account 8110888020000000017',
    )
    .action(moneyAction(cli, importFile));
}

function charset(label: string): string {
  if (isCharset(label)) return label;
  throw new InvalidArgumentError(`It must be ${CHARSET_ALLOWED}.`);
}

function currencyOf(code: string): Currency {
  if (isCurrency(code)) return code;
  throw new InvalidArgumentError('It must be an ISO 4217 code, such as CNY.');
}

async function importFile(
  context: PlatformContext,
  path: string,
  options: ImportOptions,
): Promise<Result> {
  const { app, platformId, signal } = context;
  const { mainAccount, dryRun = false } = options;
  const file = await fileOptions(options);
  const { source, bytes } = await openSource(path, signal);
  const watch = watchImport(context, { path, bytes });
  try {
    const report = await importStatement({ ...app, ...app.database }, platformId, {
      ...{ source, mainAccount, dryRun, file, onProgress: watch.onProgress },
      fileName: path === STANDARD_INPUT ? undefined : basename(path),
    });
    return { document: report, text: describeImport(report) };
  } catch (error) {
    if (!signal.aborted || error instanceof CliError) throw error;
    throw new CliError('interrupted', `nothing of ${path} was recorded: import it again`);
  } finally {
    watch.stop();
  }
}

const STANDARD_INPUT = '-';

/** Bytes of the file as they are read, until Ctrl-C. Throws CliError `file_unreadable`. */
async function openSource(
  path: string,
  signal: AbortSignal,
): Promise<{ source: AsyncIterable<Uint8Array>; bytes: number }> {
  if (path === STANDARD_INPUT) {
    return { source: addAbortSignal(signal, process.stdin), bytes: 0 };
  }
  try {
    const handle = await open(path);
    const stat = await handle.stat();
    if (!stat.isDirectory()) {
      return { source: handle.createReadStream({ signal }), bytes: stat.size };
    }
    await handle.close();
  } catch (error) {
    throw unreadable(path, error);
  }
  throw usageError('file_unreadable', `${path} ${IS_DIRECTORY}`);
}

const IS_DIRECTORY = 'is a directory: name one file in it';
/** What the system says by a code, as the rest of a sentence that begins with the path. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'cannot be read: no such file',
  EACCES: 'cannot be read: permission denied',
  EISDIR: IS_DIRECTORY,
};

function unreadable(path: string, error: unknown): CliError {
  const message = error instanceof Error ? error.message : String(error);
  const reason = REASONS[errorCode(error) ?? ''] ?? `cannot be read: ${message}`;
  return usageError('file_unreadable', `${path} ${reason}`);
}

/** Shows how far it is, and ends the posting when Ctrl-C is pressed. */
function watchImport(
  { terminal, signal }: Pick<PlatformContext, 'terminal' | 'signal'>,
  { path, bytes }: { path: string; bytes: number },
) {
  const reading = startProgress(terminal, { label: 'Reading', unit: 'bytes' });
  let posting: ReturnType<typeof startProgress> | undefined;
  let lines = 0;
  return {
    onProgress: (progress: ImportProgress) => {
      if (progress.phase !== 'posting') {
        lines = progress.lines;
        if (progress.phase === 'reading') reading.update(progress.bytes, bytes);
        return;
      }
      reading.stop();
      posting ??= startProgress(terminal, { label: 'Posting', unit: 'entries' });
      posting.update(progress.posted, lines);
      if (signal.aborted) throw interruptedWhilePosting(path, progress.posted);
    },
    stop: () => {
      reading.stop();
      posting?.stop();
    },
  };
}

/** Each batch of postings is whole: what is recorded and not yet posted waits, and is found by the next sweep. */
function interruptedWhilePosting(path: string, posted: number): CliError {
  return new CliError(
    'interrupted',
    `${path} is recorded whole and ${posted} of its entries are posted; a running server posts the rest, or the next import does`,
  );
}

/** Throws CliError `file_unreadable`, and AppError `csv_mapping_invalid`. */
async function fileOptions(options: ImportOptions): Promise<StatementFileOptions> {
  const { format, charset: label, currency, csvMapping } = options;
  return {
    ...(format === undefined ? {} : { format }),
    ...(label === undefined ? {} : { charset: label }),
    ...(currency === undefined ? {} : { currency }),
    ...(csvMapping === undefined ? {} : { csv: checkCsvMapping(await readJson(csvMapping)) }),
  };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw unreadable(path, error);
  }
}
