import { InvalidArgumentError, Option } from 'commander';
import { isName, isText, MAX_TEXT, NAME_ALLOWED, TEXT_ALLOWED } from '../kernel/text.ts';
import { usageError } from './cli-error.ts';

/** Rows that a list shows unless asked otherwise, and at most. */
const DEFAULT_ROWS = 50;
const MAX_ROWS = 100_000;
/** Rows that are read at once. */
const PAGE_ROWS = 1000;

/** `--limit`: how many rows a list shows. */
export function limitOption(fallback = DEFAULT_ROWS): Option {
  return new Option('--limit <rows>', `how many to show at most, up to ${MAX_ROWS}`)
    .default(fallback)
    .argParser((text) => wholeNumber(text, MAX_ROWS));
}

/** The options of every command that moves money. */
export const MONEY_OPTIONS = {
  minor: new Option('--minor', 'AMOUNT is in minor units (fen): 1230 instead of 12.30'),
  key: new Option(
    '--key <key>',
    'idempotency key: repeating a command with the same key moves money once; made for you when left out',
  ),
  dryRun: new Option('--dry-run', 'decide and answer, and change nothing'),
} as const;

/**
 * A reader of text as it was typed: what a name, a memo or the like may be, as in the API. It throws CliError
 * `name_invalid` or `text_invalid` for what the API would not take.
 */
export function textOf(what: Exclude<keyof typeof MAX_TEXT, `metadata${string}`>) {
  const max = MAX_TEXT[what];
  const [code, isAllowed, allowed] =
    what === 'name'
      ? (['name_invalid', isName, NAME_ALLOWED] as const)
      : (['text_invalid', isText, TEXT_ALLOWED] as const);
  const called = what === 'memberReference' ? 'reference' : what;
  return (text: string): string => {
    if (isAllowed(text, { max })) return text;
    throw usageError(code, `${called} must be: 1 to ${max} characters, ${allowed}`);
  };
}

/** Reads a name. */
export const nameText = textOf('name');

function wholeNumber(text: string, max: number): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${max}.`);
}

/** Reads pages until there are enough rows or no more. `more`: there would be others. */
export async function readRows<Row, Position>(
  limit: number,
  readPage: (page: {
    after: Position | undefined;
    limit: number;
  }) => Promise<{ rows: readonly Row[]; next: Position | undefined }>,
): Promise<{ rows: Row[]; more: boolean }> {
  const rows: Row[] = [];
  let after: Position | undefined;
  do {
    const page = await readPage({ after, limit: Math.min(PAGE_ROWS, limit - rows.length) });
    rows.push(...page.rows);
    after = page.next;
  } while (after !== undefined && rows.length < limit);
  return { rows, more: after !== undefined };
}

/** The line below a table that does not show everything. */
export function moreLine(more: boolean, shown: number): string {
  return more ? `The first ${shown}; more with --limit.\n` : '';
}
