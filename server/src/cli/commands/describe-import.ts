import type { ImportNote, ImportReport, Tally } from '../../deposits/index.ts';
import { fields, money } from '../output.ts';

/** A report of an import for people: what the file is, and what became of its money. */
export function describeImport(report: ImportReport): string {
  const { suspended, skipped, notes, sameFileAs, changed, dryRun } = report;
  const currencies = [...new Set(report.statements.map(({ currency }) => currency))];
  const [currency, ...others] = currencies;
  const only = others.length === 0 ? currency : undefined;
  const reasons = Object.entries(suspended.byReason).map(([reason, each]): [string, string] => [
    `  ${reason}`,
    tally(each, only),
  ]);
  const accounts = [...new Set(report.statements.map(({ mainAccount }) => mainAccount))];
  const text = fields({
    import: report.id,
    file: report.fileName,
    format: report.format,
    'main account': accounts.slice(0, MAX_ACCOUNTS).join(', '),
    statements: String(report.statementCount),
    lines: String(report.lines),
    recorded: String(report.recorded),
    'already known': report.alreadyKnown > 0 ? String(report.alreadyKnown) : '',
    skipped: Object.entries(skipped)
      .map(([reason, count]) => `${count} ${reason}`)
      .join(', '),
    credited: tally(report.credited, only),
    'in suspense': tally(suspended, only),
    ...Object.fromEntries(reasons),
    debited: tally(report.debited, only),
    'paid out': report.paidOut.count > 0 ? tally(report.paidOut, only) : '',
    'payouts returned': report.payoutReturned.count > 0 ? tally(report.payoutReturned, only) : '',
    waiting: report.waiting.count > 0 ? tally(report.waiting, only) : '',
  });
  const lines = [
    ...(dryRun ? ['Dry run: nothing was changed.'] : []),
    ...(sameFileAs === null ? [] : [`The very same file was imported before, as ${sameFileAs}.`]),
    ...(changed || dryRun ? [] : ['Nothing was new.']),
    ...notes.map((note) => `Look at this: ${describeNote(note, only)}`),
    ...(report.waiting.count > 0
      ? ['What waits is posted by a running server, or by the next import.']
      : []),
  ];
  return `${text}${lines.map((line) => `${line}\n`).join('')}`;
}

/** Main accounts of a file that are named. */
const MAX_ACCOUNTS = 5;

function tally({ count, sum }: Tally, currency: string | undefined): string {
  if (count === 0) return '0';
  // Sums over several currencies mean nothing.
  return currency === undefined ? String(count) : `${count}, ${money(sum, currency)} ${currency}`;
}

function describeNote(note: ImportNote, currency: string | undefined): string {
  const amount = (minorUnits: bigint) =>
    currency === undefined
      ? `${minorUnits} minor units`
      : `${money(minorUnits, currency)} ${currency}`;
  switch (note.code) {
    case 'balance_gap':
      return `balance_gap: the statement of ${note.mainAccount} opens with ${amount(note.found)}, and ${amount(note.expected)} was recorded until then: a file may be missing.`;
    case 'statement_gap':
      return `statement_gap: a statement of ${note.mainAccount} opens with ${amount(note.found)}, and the one before closed with ${amount(note.expected)}: a page may be missing.`;
    case 'before_opening':
      return `before_opening: ${note.count} lines of ${note.mainAccount} (${amount(note.sum)}) are from before ${note.openedOn}, when its opening balance was taken in.`;
    case 'known_lines_differ':
      return `known_lines_differ: ${note.count} lines of ${note.mainAccount} (${amount(note.sum)}), the first at position ${note.position}, have a known reference, amount and date, but another payer or text: they were not recorded again.`;
    case 'not_posted':
      return `not_posted: ${note.count} entries of ${note.mainAccount} (${amount(note.sum)}), the first ${note.bankEntry}, cannot be posted now, not to suspense either (${note.refusal}): they wait until they can.`;
  }
}
