import { expect, test } from 'vitest';
import { commandsOf, readSteps } from './guide.ts';
import { startInstance } from './instance.ts';

/** Starting a server and some thirty programs: about half a minute on a quiet machine. */
const TIMEOUT_MS = 180_000;

// Goal: the tour of the README works when it is pasted beside a running server, and prints what the README says.
// Method: its commands run in one shell, in a folder of their own, against a server of their own.
test('the tour of README.md prints what README.md shows', { timeout: TIMEOUT_MS }, async () => {
  const steps = await readSteps('README.md');
  expect(steps.filter(({ output }) => output !== undefined).length).toBeGreaterThanOrEqual(5);
  await using instance = await startInstance();
  for (const { step, output, errors } of await instance.run(steps)) {
    if (step.output === undefined) continue;
    expect(output, `README.md:${step.line}\n${errors}`).toBe(step.output);
  }
});

test('README.zh-CN.md has the same commands and the same outputs', async () => {
  const english = commandsOf(await readSteps('README.md'));
  expect(commandsOf(await readSteps('README.zh-CN.md'))).toEqual(english);
});
