import { expect, test } from 'vitest';
import { commandsOf, readSteps } from './guide.ts';
import { startInstance } from './instance.ts';

const ENGLISH = 'docs/tutorial/README.md';
const CHINESE = 'docs/zh/tutorial/README.md';

/** Starting a server and some thirty programs: about half a minute on a quiet machine. */
const TIMEOUT_MS = 180_000;

// Goal: whoever follows the tutorial gets what it shows, from the first command to the last.
// Method: its commands run in one shell, in a folder of their own, against a server of their own, with their data
// elsewhere than in `./data` (the tour of the README has it there).
test('the tutorial prints what it shows', { timeout: TIMEOUT_MS }, async () => {
  const steps = await readSteps(ENGLISH);
  expect(steps.filter(({ output }) => output !== undefined).length).toBeGreaterThan(15);
  await using instance = await startInstance({ dataDir: './elsewhere' });
  for (const { step, output, errors } of await instance.run(steps)) {
    if (step.output === undefined) continue;
    expect(output, `${ENGLISH}:${step.line}\n${errors}`).toBe(step.output);
  }
});

test('the Chinese tutorial has the same commands and the same outputs', async () => {
  const english = commandsOf(await readSteps(ENGLISH));
  expect(commandsOf(await readSteps(CHINESE))).toEqual(english);
});
