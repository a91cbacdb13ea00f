// `server/src/db/tables.ts`: the row types that statements are checked with, read from a migrated database.
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** How rows come out of the pool: see `types` in server/src/db/database.ts. */
const TYPES = { int8: 'bigint', bytea: 'Buffer' };

/** Writes the row types of a migrated database. Throws with what kysely-codegen said when it fails. */
export async function renderTables(url: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'guanjia-tables-'));
  const file = join(folder, 'tables.ts');
  try {
    const options = {
      dialect: 'postgres',
      'date-parser': 'string',
      'default-schema': 'public',
      'include-pattern': 'public.*',
      'type-mapping': JSON.stringify(TYPES),
      'out-file': file,
      'log-level': 'warn',
    };
    const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    const { status, stdout, stderr } = spawnSync(process.execPath, [program(), ...flags], {
      encoding: 'utf8',
      env: { ...process.env, DATABASE_URL: url },
    });
    if (status !== 0) throw new Error(`kysely-codegen failed:\n${stdout}${stderr}`);
    return await readFile(file, 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}

function program(): string {
  const manifest = createRequire(import.meta.url).resolve('kysely-codegen/package.json');
  return join(dirname(manifest), 'dist/cli/bin.js');
}
