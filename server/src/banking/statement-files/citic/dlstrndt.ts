import { type Currency, currency } from '../../../kernel/currency.ts';
import { given, invalidField, joinRemittance, readCompactDate } from '../fields.ts';
import type { LineDraft } from '../statement-writer.ts';
import { type CiticRow, fieldOf, requiredField } from './citic-reply.ts';
import { readMove } from './dltrnall.ts';

/** Transfers with the world outside; 21 and 22 are those of the public accounts. */
const OUTSIDE = new Set(['21', '22', '23']);
/** Moves between sub-accounts: the main account does not see them. */
const INSIDE = new Set(['11', '12', '13', '14', '15', '16']);

/** The currency that a row states: 01 and 001 are CNY, the only one of sub-accounts; undefined without. */
export function rowCurrency(row: CiticRow): Currency | undefined {
  const raw = fieldOf(row, 'CRYTYPE');
  if (raw.text === '') return undefined;
  if (/^0?01$/.test(raw.text) || raw.text === 'CNY') return currency('CNY');
  throw invalidField(raw, '01 or 001 (CNY)');
}

/**
 * Reads a row of DLSTRNDT. A row of type 23, D with a negative amount is a withdrawal that came back: a
 * credit that takes a debit back. Moves between sub-accounts are skipped, by type.
 */
export function readSubAccountRow(
  row: CiticRow,
  code: Currency,
): { readonly line: LineDraft } | { readonly skipped: string } {
  const text = (field: string) => fieldOf(row, field).text;
  const type = requiredField(row, 'TRANTYPE');
  if (INSIDE.has(type.text)) return { skipped: `trantype_${type.text}` };
  if (!OUTSIDE.has(type.text)) throw invalidField(type, '11 to 16, 21, 22 or 23');
  const stated = rowCurrency(row);
  if (stated !== undefined && stated !== code) {
    throw invalidField(fieldOf(row, 'CRYTYPE'), `the currency of the first row: ${code}`);
  }
  const { amount, direction, flag, negative } = readMove(row, 'TRANAMT', 'CDFG', code);
  if (amount === 0n) return { skipped: 'zero_amount' };
  const date = requiredField(row, 'TRANDATE');
  const serial = requiredField(row, 'HOSTFLW').text;
  const line: LineDraft = {
    position: row.number,
    direction,
    amount,
    reversal: negative,
    bookingDate: readCompactDate(date),
    valueDate: undefined,
    bankReference: [date.text, serial, text('HOSTSEQ')].filter((part) => part !== '').join('-'),
    creditedAccount: flag === 'C' ? given(text('subAccNo')) : undefined,
    counterpartyName: given(text('OPPACCNAME')),
    counterpartyAccount: given(text('OPPACCNO')),
    remittance: joinRemittance([text('RESUME')]),
    references: [],
    bankCode: type.text,
  };
  return { line };
}
