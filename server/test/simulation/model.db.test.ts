import { expect, test } from 'vitest';
import { runModel } from '../soak/model/run-model.ts';
import { freshDatabase } from '../support/database.ts';

const database = await freshDatabase();

// The ledger against a model of it that was written apart: a short run of `npm run soak model`.
test('the ledger answers as the model does, step by step', async () => {
  const outcome = await runModel(database.url, { seed: 20_260_302, steps: 800 });

  expect(outcome.violations).toEqual([]);
  // A run in which nothing is refused or repeated would prove little.
  expect(outcome.refused).toBeGreaterThan(100);
  expect(outcome.repeated).toBeGreaterThan(20);
});
