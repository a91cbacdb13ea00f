import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { citicStatusOf, definitionsIn, errorCatalogue, renderErrorReference } from './errors.ts';
import { isRecord, recordOf } from './http/record.ts';
import { busy, databaseUnavailable } from './ledger/errors.ts';

// Goal: no error that the product can give is missing from the catalogue. Method: load every errors.ts of
// the source tree and look for its definitions, those in tables too.
test('every definition in any errors.ts is in the catalogue', async () => {
  const missing: string[] = [];
  let found = 0;
  for await (const file of glob('**/errors.ts', { cwd: import.meta.dirname })) {
    if (file === 'errors.ts') continue;
    const module = await load(file);
    const tables = Object.values(module).filter(isRecord);
    const definitions = [module, ...tables].flatMap((each) => definitionsIn(each));
    found += definitions.length;
    missing.push(
      ...definitions
        .filter((each) => !errorCatalogue.includes(each))
        .map(({ code }) => `${file}: ${code}`),
    );
  }
  expect(missing).toEqual([]);
  expect(found).toBe(errorCatalogue.length);
});

test('codes are unique, spelled alike, and said in two languages', () => {
  const codes = errorCatalogue.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const { code, title, remedy } of errorCatalogue) {
    expect(code).toMatch(/^[a-z][a-z_]*[a-z]$/);
    for (const text of [title, remedy]) {
      expect(text.en, code).toMatch(/^[A-Z`]/);
      expect(text.zh, code).toMatch(/\p{Script=Han}/u);
      // Beside Chinese characters, punctuation is full-width.
      expect(text.zh, code).not.toMatch(/\p{Script=Han}\s*[,.:;!?()]|[,.:;!?()]\s*\p{Script=Han}/u);
    }
  }
});

test('doubt is UNKNOWN to CITIC clients and never a code; nothing done is "later"', () => {
  for (const { code, kind } of errorCatalogue) {
    const status = citicStatusOf[code as keyof typeof citicStatusOf];
    const doubtful = kind === 'unknown' || kind === 'internal';
    expect(status === 'UNKNOWN', code).toBe(doubtful);
  }
  expect(citicStatusOf[busy.code]).toBe('ED11308');
  expect(citicStatusOf[databaseUnavailable.code]).toBe('ED11308');
  expect(citicStatusOf.insufficient_funds).toBe('DPRA003');
  const own = Object.values(citicStatusOf).filter((status) => status.startsWith('ED99'));
  expect(new Set(own).size).toBe(own.length);
});

test('the reference page has a row for every error', () => {
  const page = renderErrorReference();
  for (const { code, title } of errorCatalogue) {
    expect(page).toContain(`\`${code}\``);
    expect(page).toContain(title.zh);
  }
});

async function load(file: string): Promise<Record<string, unknown>> {
  const module: unknown = await import(join(import.meta.dirname, file));
  return { ...recordOf(module) };
}
