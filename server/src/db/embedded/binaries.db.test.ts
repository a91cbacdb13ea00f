// Goal: PostgreSQL's programs run although npm left the library links out, or our user cannot reach them.
// Method: a copy of the package's folder without links, in places of different modes.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readdirSync } from 'node:fs';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/support/postgres.ts';
import { type Binaries, findNative, prepareBinaries } from './binaries.ts';
import { chooseRunAs, isRoot } from './run-as.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** The package's folder as `npm ci --ignore-scripts` leaves it, and an empty one beside it. */
async function withoutLinks() {
  const place = await temporaryFolder();
  cleanups.push(() => rm(place, { recursive: true, force: true, maxRetries: 5 }));
  const { native, version } = findNative();
  const filter = (source: string) => !lstatSync(source).isSymbolicLink();
  const folder = join(place, 'package', 'native');
  await mkdir(join(place, 'package'));
  await cp(native, folder, { recursive: true, filter });
  return {
    from: { native: folder, version },
    package: join(place, 'package'),
    copyTo: join(place, 'copy'),
  };
}

const links = (native: string) =>
  readdirSync(join(native, 'lib')).filter((name) =>
    lstatSync(join(native, 'lib', name)).isSymbolicLink(),
  );
const versionOf = (binaries: Binaries, runAs = chooseRunAs()) =>
  execFileSync(binaries.postgres, ['--version'], { encoding: 'utf8', cwd: '/', ...runAs });

test('library links that lack are made where the package is', async () => {
  const { from, copyTo } = await withoutLinks();
  expect(links(from.native)).toEqual([]);
  const binaries = await prepareBinaries({
    runAs: chooseRunAs(),
    copyTo,
    from,
    say: () => undefined,
  });
  expect(versionOf(binaries)).toMatch(/^postgres \(PostgreSQL\) 18/);
  expect(links(from.native)).not.toEqual([]);
  expect(existsSync(copyTo)).toBe(false);
});

test.runIf(isRoot())(
  'programs below a folder that only root may enter are copied, once',
  async () => {
    const { from, copyTo, package: folder } = await withoutLinks();
    chmodSync(folder, 0o700);
    const said: string[] = [];
    const options = { runAs: chooseRunAs(), copyTo, from, say: (line: string) => said.push(line) };
    const binaries = await prepareBinaries(options);
    expect(binaries.postgres.startsWith(copyTo)).toBe(true);
    expect(versionOf(binaries)).toMatch(/^postgres \(PostgreSQL\) 18/);
    expect(await prepareBinaries(options)).toEqual(binaries);
    expect(said).toHaveLength(1);
  },
);
