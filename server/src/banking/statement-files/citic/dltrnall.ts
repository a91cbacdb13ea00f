import type { Currency } from '../../../kernel/currency.ts';
import { AppError } from '../../../kernel/error.ts';
import { statementTotalsDisagree } from '../../errors.ts';
import {
  checkLineAmount,
  given,
  invalidField,
  joinRemittance,
  readCompactDate,
  readMinorUnits,
} from '../fields.ts';
import type { StatedBalance } from '../statement-file.ts';
import { type LineDraft, signedAmount, written } from '../statement-writer.ts';
import { type CiticRow, fieldOf, requiredField } from './citic-reply.ts';

/** A row with the balance of the account after it. */
export interface MainAccountRow {
  readonly line: LineDraft;
  readonly balance: bigint | undefined;
}

/** What a row does to an account: D takes, C gives, and a negative amount takes that back. */
export function readMove(row: CiticRow, amountName: string, flagName: string, code: Currency) {
  const raw = requiredField(row, amountName);
  const signed = readMinorUnits(raw, code);
  const flag = requiredField(row, flagName);
  if (flag.text !== 'C' && flag.text !== 'D') throw invalidField(flag, 'C (in) or D (out)');
  const amount = signed < 0n ? -signed : signed;
  if (amount !== 0n) checkLineAmount(raw, amount);
  const direction: 'credit' | 'debit' = (flag.text === 'C') === signed >= 0n ? 'credit' : 'debit';
  return { amount, direction, flag: flag.text, negative: signed < 0n };
}

/** Reads a row of DLTRNALL. Its reference is date, teller serial and sequence: the bank's own key. */
export function readMainAccountRow(row: CiticRow, code: Currency): MainAccountRow {
  const text = (field: string) => fieldOf(row, field).text;
  const { amount, direction, negative } = readMove(row, 'tranAmount', 'creditDebitFlag', code);
  const date = requiredField(row, 'tranDate');
  const serial = requiredField(row, 'tranNo').text;
  const valueDate = fieldOf(row, 'valueDate');
  const balance = fieldOf(row, 'balance');
  const returned = fieldOf(row, 'e3rtFlag');
  if (!/^[01]?$/.test(returned.text)) throw invalidField(returned, '0 (returned) or 1 (not)');
  const line: LineDraft = {
    position: row.number,
    direction,
    amount,
    reversal: negative || returned.text === '0',
    bookingDate: readCompactDate(date),
    valueDate: valueDate.text === '' ? undefined : readCompactDate(valueDate),
    bankReference: [date.text, serial, text('sumTranNo')].filter((part) => part !== '').join('-'),
    creditedAccount: undefined,
    counterpartyName: given(text('oppAccountName')),
    counterpartyAccount: given(text('oppAccountNo')),
    remittance: joinRemittance([text('abstract')]),
    references: [],
    bankCode: given(text('hostTranCode')),
  };
  return { line, balance: balance.text === '' ? undefined : readMinorUnits(balance, code) };
}

/**
 * Checks that each row's balance follows from the one before, in whichever order the rows are, and says
 * what the account had before the earliest and after the latest row. Undefined when no row has a balance.
 */
export function readRunningBalance(
  rows: readonly MainAccountRow[],
  currency: Currency,
): { readonly opening: StatedBalance; readonly closing: StatedBalance } | undefined {
  if (rows.every((row) => row.balance === undefined)) return undefined;
  const forward = firstBreak(rows, currency);
  const newestFirst = rows.toReversed();
  const backward = forward && firstBreak(newestFirst, currency);
  if (forward && backward) throw new AppError(statementTotalsDisagree, forward);
  const ordered = forward ? newestFirst : rows;
  const [first, last] = [ordered[0], ordered.at(-1)];
  if (first?.balance === undefined || last?.balance === undefined) return undefined;
  const opening = first.balance - signedAmount(first.line);
  return {
    opening: { amount: opening, currency, date: first.line.bookingDate },
    closing: { amount: last.balance, currency, date: last.line.bookingDate },
  };
}

function firstBreak(rows: readonly MainAccountRow[], currency: Currency) {
  let previous: bigint | undefined;
  for (const { line, balance } of rows) {
    const expected = previous === undefined ? undefined : previous + signedAmount(line);
    if (balance === undefined || (expected !== undefined && expected !== balance)) {
      return {
        reason: 'running_balance' as const,
        field: 'balance',
        expected:
          expected === undefined
            ? 'a balance in every row or in none'
            : written(expected, currency),
        found: balance === undefined ? '' : written(balance, currency),
        entry: line.position,
      };
    }
    previous = balance;
  }
  return undefined;
}
