// `npm run db:new what_it_does`: makes the next numbered migration. Files are applied in the order of their
// numbers, forward only, and are never edited once they have landed.
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../server/migrations');
const NUMBER_DIGITS = 4;

const [name, ...others] = process.argv.slice(2);
if (name === undefined || others.length > 0 || !/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)) {
  console.error('Usage: npm run db:new what_it_does   (small letters, digits and _)');
  process.exit(2);
}
const numbers = (await readdir(FOLDER)).flatMap((file) => /^(\d+)_.*\.sql$/.exec(file)?.[1] ?? []);
const next = Math.max(0, ...numbers.map(Number)) + 1;
const path = join(FOLDER, `${String(next).padStart(NUMBER_DIGITS, '0')}_${name}.sql`);
await writeFile(path, '-- Why this is needed, in a sentence.\n', { flag: 'wx' });
console.log(path);
