import { describe, expect, test } from 'vitest';
import { camtFile, mt940File } from '../../../test/support/statement-samples.ts';
import { currency } from '../../kernel/currency.ts';
import { openStatementFile } from './open-statement-file.ts';
import { collect, inPieces, readEvents, readFailure, readLines } from './testing/read-statement.ts';

const sample = { accountNumber: '8110', currency: currency('CNY'), entries: 3 };
const camt = await collect(camtFile(sample));
const mt940 = await collect(mt940File(sample));

describe('the format', () => {
  test('is told from the head, with the evidence', async () => {
    expect(await openStatementFile(inPieces(camt))).toMatchObject({
      format: 'camt.053',
      evidence: 'camt.053.001.08, element BkToCstmrStmt',
    });
    expect(await openStatementFile(inPieces(mt940))).toMatchObject({ format: 'mt940' });
  });

  const cases: [name: string, file: Uint8Array | string, seen: string][] = [
    ['an empty file', '', 'an empty file'],
    ['a PDF', '%PDF-1.7 ...', 'a PDF document'],
    [
      'a workbook',
      Buffer.from('504b030414000600', 'hex'),
      'a ZIP archive or an Excel workbook (.xlsx)',
    ],
    ['bytes', Buffer.of(1, 2, 0, 4), 'a binary file (it has NUL bytes)'],
    ['CSV without a mapping', 'date,amount\n', 'text that begins: date,amount'],
    [
      'another message',
      '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.02"/>',
      'XML of camt.054.001.02',
    ],
    ['other XML', '<?xml version="1.0"?><html></html>', 'XML with the root element html'],
  ];
  test.each(cases)('%s is named', async (_, file, seen) => {
    expect(await readFailure(file)).toMatchObject({ code: 'statement_format_unknown', seen });
  });

  test('that was declared must be that of the file', async () => {
    expect(await readFailure(camt, { format: 'mt940' })).toMatchObject({
      code: 'statement_format_differs',
      declared: 'mt940',
      looksLike: 'camt.053',
      seen: 'camt.053.001.08, element BkToCstmrStmt',
    });
    expect(await readFailure(mt940, { format: 'camt.053' })).toMatchObject({
      code: 'statement_format_differs',
      declared: 'camt.053',
      looksLike: 'mt940',
    });
    expect(await readFailure('%PDF-1.7 ...', { format: 'mt940' })).toMatchObject({
      code: 'statement_format_unknown',
      declared: 'mt940',
      seen: 'a PDF document',
    });
    expect(await readFailure('nothing', { format: 'mt940' })).toMatchObject({
      code: 'statement_malformed',
    });
  });
});

describe('the charset', () => {
  const text = new TextDecoder().decode(camt);
  test('of XML is the BOM’s, or the declared one', async () => {
    const expected = await readEvents(camt);
    const wide = Buffer.from(`\ufeff${text}`, 'utf16le');
    expect(await readEvents(wide)).toEqual(expected);
    expect(await readEvents(Buffer.from(wide).swap16())).toEqual(expected);
    expect(await readEvents(`\ufeff${text}`)).toEqual(expected);
    // Without a mark; with a declaration that a conversion has left; with blank lines above.
    expect(await readEvents(Buffer.from(text, 'utf16le'))).toEqual(expected);
    expect(await readEvents(Buffer.from(text, 'utf16le').swap16())).toEqual(expected);
    expect(await readEvents(text.replace('UTF-8', 'UTF-16'))).toEqual(expected);
    expect(await readEvents(`\ufeff${text.replace('UTF-8', 'GBK')}`)).toEqual(expected);
    expect(await readEvents(`\r\n \n${text}`)).toEqual(expected);
    expect(await readFailure(`\n\n${text.replace('</Ntry>', '</Entry>')}`)).toMatchObject({
      line: 2 + text.slice(0, text.indexOf('</Ntry>')).split('\n').length,
    });
    const latin = Buffer.from(
      text.replace('UTF-8', 'ISO-8859-1').replaceAll('商贸有限公司', 'Müller'),
      'latin1',
    );
    expect((await readLines(latin))[0]?.counterpartyName).toBe('Müller 0');
  });

  test('of MT940 is UTF-8, or must be declared', async () => {
    const text940 = new TextDecoder().decode(mt940).replaceAll('商贸有限公司', 'Müller');
    const latin = Buffer.from(text940, 'latin1');
    expect(await readFailure(latin)).toMatchObject({
      code: 'statement_charset_wrong',
      charset: 'utf-8',
      source: 'format',
    });
    expect((await readLines(latin, { charset: 'iso-8859-1' }))[0]?.counterpartyName).toBe(
      'Müller 0',
    );
    expect(await readFailure(mt940, { charset: 'klingon' })).toMatchObject({
      code: 'statement_format_unknown',
    });
  });

  test('that the bytes break is refused, at the end too', async () => {
    const half = Buffer.concat([camt, Buffer.of(0xe5)]);
    expect(await readFailure(half)).toMatchObject({ code: 'statement_charset_wrong' });
  });
});

test('what is not read on is closed', async () => {
  let closed = false;
  async function* endless() {
    try {
      yield camt;
      for (;;) yield await Promise.resolve(Buffer.from('\n'.repeat(1_000)));
    } finally {
      closed = true;
    }
  }
  const { events } = await openStatementFile(endless(), { limits: { maxBytes: 30_000 } });
  const read = async () => {
    for await (const _ of events);
  };
  await expect(read()).rejects.toMatchObject({ facts: { limit: 'maxBytes' } });
  expect(closed).toBe(true);
});

test('lines beyond their limit are refused', async () => {
  expect(await readFailure(camt, { limits: { maxLines: 2 } })).toMatchObject({ limit: 'maxLines' });
});
