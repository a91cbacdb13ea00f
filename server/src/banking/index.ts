// The front door of banks: the port to them with its connectors, and the statement files that they give out.

export {
  type BankConnection,
  connectBank,
  connectorOf,
  keepNotifySecret,
  readNotifySecret,
} from './connections.ts';
export type { BankRefusal, EntryPage, Unknown } from './connector.ts';
/** What a connector tells, as the lines of a statement. */
export { entryEvents } from './connectors/entry-events.ts';
/** A connector to the bank that `npm start` runs beside the server. */
export { sandboxConnector } from './connectors/sandbox.ts';
export { digestOfSigned, isSignedBy } from './notification-signature.ts';

export { type CsvMapping, checkCsvMapping } from './statement-files/csv/csv-mapping.ts';
export type { StatementLimits } from './statement-files/limits.ts';
/** Opens a file of any readable format; its events come in batches, in file order. */
export {
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
