import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  camtFile,
  citicMainAccountFile,
  csvFile,
  csvSampleMapping,
  mt940File,
  type SampleLine,
  type SampleOptions,
  sampleClosing,
} from '../../../test/support/statement-samples.ts';
import { currency } from '../../kernel/currency.ts';
import { AppError } from '../../kernel/error.ts';
import type { StatementFileOptions } from './open-statement-file.ts';
import type { StatementEvent } from './statement-file.ts';
import { collect, readEvents } from './testing/read-statement.ts';

// Goal: whatever a bank writes is read as it was meant, and whatever happens to the file on its way never
// becomes another statement that agrees. Method: files are generated from lines, read back, cut and changed.
const word = fc.stringMatching(/^[a-zA-Z0-9]{1,12}$/);
const name = fc.oneof(
  word,
  fc.constantFrom('喆堃有限公司', 'Müller & Söhne <KG>', 'a "quoted" name'),
);
const line = fc.record<SampleLine>({
  direction: fc.constantFrom('credit', 'debit'),
  amount: fc.bigInt(1n, 9_007_199_254_740_991n),
  bookingDate: fc.constantFrom('2026-03-01', '2026-03-02', '2025-12-31', '2024-02-29'),
  reference: word,
  counterpartyName: name,
  counterpartyAccount: fc.stringMatching(/^[0-9]{8,19}$/),
  remittance: fc.oneof(word, fc.constantFrom('充值 3110000000000000017', 'a;b,c', 'x  y')),
});
const file = fc
  .record({
    lines: fc.array(line, { maxLength: 6 }),
    code: fc.constantFrom('CNY', 'JPY', 'KWD'),
    opening: fc.bigInt(-(10n ** 12n), 10n ** 12n),
  })
  .map(({ lines, code, opening }) => {
    const lineAt = (index: number) => lines[index]!;
    const entries = lines.length;
    const options = {
      accountNumber: '6217001234',
      currency: currency(code),
      entries,
      opening,
      lineAt,
    };
    return { lines, options };
  });

interface Format {
  readonly make: (options: SampleOptions) => AsyncIterable<Uint8Array>;
  readonly options?: StatementFileOptions;
  /** CITIC's accounts are in CNY, whatever is asked for. */
  readonly onlyCny?: boolean;
}
const formats: Record<string, Format> = {
  'camt.053 version 2': { make: (options) => camtFile({ ...options, version: '02' }) },
  'camt.053 version 8': { make: camtFile },
  mt940: { make: mt940File },
  csv: { make: csvFile, options: { csv: csvSampleMapping } },
  dltrnall: { make: citicMainAccountFile, onlyCny: true },
};
const settings = { numRuns: 60 };

/** What a line says, as far as every format carries it. */
const said = (events: readonly StatementEvent[]) =>
  events
    .filter((event) => event.kind === 'line')
    .map(
      ({ direction, amount, bookingDate, counterpartyName, counterpartyAccount, remittance }) => ({
        direction,
        amount,
        bookingDate,
        counterpartyName,
        counterpartyAccount,
        remittance,
      }),
    );

/** What survived of a damaged file: undefined when it was refused, and only an AppError may refuse. */
async function readDamaged(bytes: Uint8Array, options: StatementFileOptions | undefined) {
  try {
    return await readEvents(bytes, options);
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return undefined;
  }
}

for (const [format, { make, options, onlyCny }] of Object.entries(formats)) {
  const files = onlyCny ? file.filter((made) => made.options.currency === 'CNY') : file;

  test(`${format}: what was written is read, and the totals agree`, async () => {
    await fc.assert(
      fc.asyncProperty(files, async (made) => {
        fc.pre(format !== 'csv' || made.lines.length > 0);
        const events = await readEvents(await collect(make(made.options)), options);
        const expected = made.lines.map(({ reference: _, ...rest }) => rest);
        expect(said(events)).toEqual(expected);
        const references = events.flatMap((event) =>
          event.kind === 'line' ? [event.reference] : [],
        );
        expect(new Set(references).size).toBe(made.lines.length);
        const closed = events.at(-1);
        if (format === 'dltrnall' && made.lines.length === 0) return;
        expect(closed).toMatchObject({ closing: { amount: sampleClosing(made.options) } });
      }),
      settings,
    );
  });

  test(`${format}: the pieces that a file comes in do not matter`, async () => {
    await fc.assert(
      fc.asyncProperty(files, fc.integer({ min: 1, max: 97 }), async (made, size) => {
        fc.pre(format !== 'csv' || made.lines.length > 0);
        const bytes = await collect(make(made.options));
        expect(await readEvents(bytes, options, size)).toEqual(await readEvents(bytes, options));
      }),
      settings,
    );
  });

  test(`${format}: a file that is cut off gives no other statement that agrees`, async () => {
    await fc.assert(
      fc.asyncProperty(files, fc.double({ min: 0, max: 1, noNaN: true }), async (made, share) => {
        fc.pre(made.lines.length > 0);
        const bytes = await collect(make(made.options));
        const cut = bytes.subarray(0, Math.floor(bytes.length * share));
        const events = await readDamaged(cut, options);
        // CSV has no end that could be missed: whole rows may go, but none may change.
        const whole = said(await readEvents(bytes, options));
        if (events && format === 'csv')
          expect(whole.slice(0, said(events).length)).toEqual(said(events));
        else if (events) expect(said(events)).toEqual(whole);
      }),
      settings,
    );
  });

  test(`${format}: a changed byte is refused by an AppError, or moves no money`, async () => {
    await fc.assert(
      fc.asyncProperty(files, fc.nat(), fc.nat(255), async (made, at, byte) => {
        fc.pre(made.lines.length > 0);
        const bytes = Uint8Array.from(await collect(make(made.options)));
        bytes[at % bytes.length] = byte;
        const events = await readDamaged(bytes, options);
        if (!events) return;
        const moved = (all: readonly StatementEvent[]) =>
          all.reduce((sum, event) => {
            if (event.kind !== 'line') return sum;
            return event.direction === 'credit' ? sum + event.amount : sum - event.amount;
          }, 0n);
        const [opened, closed] = [events[0], events.at(-1)];
        if (
          opened?.kind === 'opened' &&
          closed?.kind === 'closed' &&
          opened.opening &&
          closed.closing
        ) {
          expect(opened.opening.amount + moved(events)).toBe(closed.closing.amount);
        }
      }),
      settings,
    );
  });
}
