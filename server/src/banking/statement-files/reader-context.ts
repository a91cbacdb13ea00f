import type { Currency } from '../../kernel/currency.ts';
import type { StatementLimits } from './limits.ts';
import type { StatementFormat } from './statement-file.ts';
import type { StatementWriter } from './statement-writer.ts';

/** What a reader of one format is given: where to write, what it may cost, what the caller knows. */
export interface ReaderContext {
  readonly writer: StatementWriter;
  readonly limits: StatementLimits;
  readonly format: StatementFormat;
  readonly charset?: string;
  readonly currency?: Currency;
  readonly accountNumber?: string;
}
