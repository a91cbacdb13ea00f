import { expect, test } from 'vitest';
import { encodeGbk } from '../../../test/support/statement-samples.ts';
import { decodeText } from './byte-source.ts';
import type { Charset } from './charset.ts';
import { inPieces } from './testing/read-statement.ts';

async function failure(
  bytes: Uint8Array,
  label: string,
  size: number,
  source: Charset['source'] = 'caller',
): Promise<unknown> {
  try {
    for await (const _ of decodeText(inPieces(bytes, size), { label, source }));
  } catch (error) {
    return error;
  }
  return undefined;
}

const wide = (text: string) => Buffer.from(text, 'utf16le');
const line = '2026-03-02,1.00,充值喆\n';
const lines = line.repeat(300);

// Goal: the place of the first wrong byte is right wherever the pieces are cut. Method: good text, one byte that
// no character has, and more text, in pieces of one byte to all of them.
test.each([
  ['utf-8', (text: string): Uint8Array => Buffer.from(text), Buffer.of(0xff)],
  ['gb18030', encodeGbk, Buffer.of(0xff)],
  ['utf-16le', wide, Buffer.of(0x00, 0xd8, 0x20, 0x00)],
] as const)(
  'the byte that is no text in %s is named, with its line',
  async (label, encode, bytes) => {
    const before = encode(`${lines}2026-03-02,1.00,充`);
    const file = Buffer.concat([before, bytes, encode(`\n${line}`)]);
    const errors = [];
    for (const size of [1, 7, 1_000, file.length]) errors.push(await failure(file, label, size));
    const place = { charset: label, source: 'caller', line: 301 };
    const [first] = errors;
    expect(first).toMatchObject({
      definition: { code: 'statement_charset_wrong' },
      facts: { ...place, found: expect.stringMatching(/^[0-9a-f]{2}$/) },
    });
    // A lone half of a UTF-16 pair is noticed by what follows it.
    const byte = label === 'utf-16le' ? before.length + 4 : before.length + 1;
    for (const error of errors) expect(error).toMatchObject({ facts: { ...place, byte } });
  },
);

test('a file that ends inside a character names its last byte', async () => {
  const file = Buffer.from(`${lines}充`).subarray(0, -1);
  for (const size of [1, 999, file.length]) {
    expect(await failure(file, 'utf-8', size)).toMatchObject({
      facts: { byte: file.length, line: 301, found: '85' },
    });
  }
});

// Goal: Chinese text is not recorded as a jumble of accents because the file's head is wrong. Method: the same text
// under each charset and from each source, in pieces that cut its characters.
test.each([
  ['iso-8859-1', 'file', 'Zahlung 充值\n', 'utf-8'],
  ['windows-1252', 'format', 'é', 'utf-8'],
  ['iso-8859-1', 'caller', 'Zahlung 充值\n', undefined],
  ['iso-8859-1', 'file', 'Zahlung\n', undefined],
  ['utf-8', 'file', '充值\n', undefined],
] as const)('%s from the %s, in which %j was written', async (label, source, text, looksLike) => {
  const file = Buffer.from(`date\n${text}`);
  for (const size of [1, 3, file.length]) {
    const error = await failure(file, label, size, source);
    const first = file.findIndex((byte) => byte > 0x7f);
    const facts = { charset: label, source, looksLike, line: 2, byte: first + 1 };
    if (looksLike === undefined) expect(error).toBeUndefined();
    else expect(error).toMatchObject({ facts });
  }
});

test('what is text in a charset of single bytes, and none in UTF-8, is read', async () => {
  const file = Buffer.from('Müller, Zürich\n', 'latin1');
  for (const size of [1, file.length]) {
    expect(await failure(file, 'iso-8859-1', size, 'file')).toBeUndefined();
  }
});
