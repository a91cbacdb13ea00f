import type { EntryPage } from '../connector.ts';
import { DEFAULT_LIMITS, REMITTANCE_LENGTH } from '../statement-files/limits.ts';
import type { StatementEvent } from '../statement-files/statement-file.ts';
import { StatementWriter } from '../statement-files/statement-writer.ts';

/**
 * The entries that a connector tells of one account, as the lines of a statement without balances. Their references
 * are made as those of statement files are, so that the same line in a file later is known.
 */
export function entryEvents(
  { entries, currency }: Pick<EntryPage, 'entries' | 'currency'>,
  { account, referencesPerDay }: { account: string; referencesPerDay: boolean },
): readonly StatementEvent[] {
  const writer = new StatementWriter(DEFAULT_LIMITS, () => referencesPerDay);
  const none = { statementId: undefined, sequence: undefined, opening: undefined };
  writer.open({ accountNumber: account, currency, ...none });
  for (const [i, entry] of entries.entries()) {
    const { payoutReference } = entry;
    writer.line({
      ...{ position: i + 1, direction: entry.direction, amount: entry.amount },
      ...{ reversal: entry.reversal, bookingDate: entry.bookingDate, valueDate: undefined },
      bankReference: entry.reference,
      creditedAccount: entry.creditedAccount,
      counterpartyName: entry.counterpartyName,
      counterpartyAccount: entry.counterpartyAccount,
      remittance: entry.remittance.slice(0, REMITTANCE_LENGTH),
      references: payoutReference === undefined ? [] : [payoutReference],
      bankCode: undefined,
    });
  }
  writer.close(undefined, { entry: entries.length });
  return writer.take();
}
