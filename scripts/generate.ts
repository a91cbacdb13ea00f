// `npm run generate`: writes the files that follow from others, so that nobody keeps them in step by hand. They
// are committed, because readers and tools want them there. With --check nothing is written: it fails, naming
// the files that are not what they should be.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildOpenApiDocument } from '../server/src/app.ts';
import { renderCliReference } from '../server/src/cli/index.ts';
import { renderConfigurationReference } from '../server/src/config.ts';
import { renderErrorReference } from '../server/src/errors.ts';
import { temporaryCluster } from '../server/test/support/postgres.ts';
import { renderSchema } from './generate/schema-sql.ts';
import { renderSdkTypes } from './generate/sdk-types.ts';
import { renderTables } from './generate/tables.ts';

const ROOT = join(import.meta.dirname, '..');

interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

async function renderAll(): Promise<readonly GeneratedFile[]> {
  const document = await buildOpenApiDocument();
  const fromDatabase = await renderFromDatabase();
  return [
    ...fromDatabase,
    { path: 'docs/reference/openapi.json', text: document },
    { path: 'sdk/src/api.ts', text: await renderSdkTypes(document) },
    { path: 'docs/reference/errors.md', text: renderErrorReference() },
    { path: 'docs/reference/configuration.md', text: renderConfigurationReference() },
    { path: 'docs/reference/cli.md', text: renderCliReference() },
  ];
}

async function renderFromDatabase(): Promise<readonly GeneratedFile[]> {
  await using cluster = await temporaryCluster();
  await using database = await cluster.freshDatabase();
  return [
    { path: 'server/schema.sql', text: await renderSchema(database.adminUrl) },
    { path: 'server/src/db/tables.ts', text: await renderTables(database.adminUrl) },
  ];
}

async function committed(path: string): Promise<string | undefined> {
  return readFile(join(ROOT, path), 'utf8').catch(() => undefined);
}

async function write({ path, text }: GeneratedFile): Promise<void> {
  await mkdir(dirname(join(ROOT, path)), { recursive: true });
  await writeFile(join(ROOT, path), text);
}

async function main(): Promise<void> {
  const mayWrite = !process.argv.includes('--check');
  const stale: GeneratedFile[] = [];
  for (const file of await renderAll()) {
    if ((await committed(file.path)) !== file.text) stale.push(file);
  }
  for (const file of stale) {
    if (mayWrite) await write(file);
    console.log(`${mayWrite ? 'written' : 'stale'}: ${file.path}`);
  }
  if (stale.length === 0) return console.log('Generated files are up to date.');
  if (mayWrite) return;
  console.error('Run `npm run generate` and commit what it writes.');
  process.exitCode = 1;
}

await main();
