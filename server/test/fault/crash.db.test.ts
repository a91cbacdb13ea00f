import { expect, onTestFinished, test } from 'vitest';
import { runCrashes } from '../soak/crash.ts';
import { openHome } from '../soak/embedded-home.ts';

// A short run of `npm run soak crash`: what was acknowledged is there once, what was not can be repeated.
test('nothing is lost or doubled when the server, PostgreSQL, or both are killed', {
  timeout: 120_000,
}, async () => {
  const home = await openHome({ accounts: 20, funds: 100_000 });
  onTestFinished(() => home.remove());

  const load = { clients: 16, before: 200, after: 60 };
  const outcome = await runCrashes(home, { seed: 3, faults: ['postgres', 'server', 'both'], load });

  expect(outcome.violations).toEqual([]);
  expect(outcome.acknowledged).toBeGreaterThan(180);
  expect(outcome.repeated).toBeGreaterThan(0);
});
