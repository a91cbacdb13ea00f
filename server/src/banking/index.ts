// The front door of bank statements: reading the files that banks give out, whatever their format.

export { type CsvMapping, checkCsvMapping } from './statement-files/csv/csv-mapping.ts';
export type { StatementLimits } from './statement-files/limits.ts';
/** Opens a file of any readable format; its events come in batches, in file order. */
export {
  type OpenedStatementFile,
  openStatementFile,
  type StatementFileOptions,
} from './statement-files/open-statement-file.ts';
export { checkOpeningBalance } from './statement-files/opening-balance.ts';
export type {
  StatedBalance,
  StatementClosed,
  StatementEvent,
  StatementFormat,
  StatementGap,
  StatementLine,
  StatementOpened,
} from './statement-files/statement-file.ts';
