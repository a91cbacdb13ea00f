import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT, type Step } from './guide.ts';
import { startInstance } from './instance.ts';

/** A server and a handful of programs. */
const TIMEOUT_MS = 120_000;

const IMPORTS = 'examples/README.md';

// Goal: the example files can be imported as examples/README.md says, and end where it says.
// Method: its commands run against a server of their own, and then its main account is asked for.
test('the example statements join, and end at the figures of their page', {
  timeout: TIMEOUT_MS,
}, async () => {
  const page = await readFile(join(ROOT, IMPORTS), 'utf8');
  const commands = page.split('\n').filter((line) => line.startsWith('npx guanjia statement'));
  expect(commands).toHaveLength(4);
  await using instance = await startInstance();
  const steps = [...commands, 'npx guanjia --json main-account list'].map(
    (command): Step => ({ command, output: undefined, line: 0 }),
  );
  const ran = await instance.run(steps);
  const { data } = JSON.parse(ran.at(-1)?.output ?? '') as { data: Record<string, unknown>[] };
  expect(data[0], ran.at(-1)?.errors).toMatchObject({
    bankBalance: 939_310,
    virtualAccountsBalance: 943_860,
    unexplainedDebits: 4_550,
  });
  expect(page).toContain('9,393.10 at the bank, 9,438.60 in virtual accounts, 45.50 of debits');
  const notes = ran.slice(0, -1).map(({ output }) => output.match(/gap/g));
  expect(notes).toEqual([null, null, null, null]);
});
