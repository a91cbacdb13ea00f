// Goal: what a statement carried is garbage as soon as it is answered. Were it kept until the next full collection,
// the server would have those every few seconds under load, and each of them shows in the latency. Method: send
// bytes in statements, collect the young objects by hand, and look at how many bytes are still there.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { openDatabase } from './database.ts';

const { url } = await freshDatabase();
const database = await openDatabase({ url });
afterAll(() => database.close());

/** As with --expose-gc, which cannot be switched on for this file alone. */
function collectorOf(): (options: { type: 'major' | 'minor' }) => void {
  setFlagsFromString('--expose-gc');
  const collector: unknown = runInNewContext('gc');
  if (typeof collector !== 'function') throw new Error('V8 gives its collector to new contexts');
  return (options) => {
    Reflect.apply(collector, undefined, [options]);
  };
}

test('the young collection frees what statements carried', async () => {
  const collect = collectorOf();
  const client = await database.batches.connect();
  onTestFinished(() => client.release());
  const size = 13_000;
  const text = 'select length($1::bytea) as length';
  const ask = () => client.query({ name: 'length', text, values: [Buffer.allocUnsafe(size)] });
  await ask();
  collect({ type: 'major' });
  const before = process.memoryUsage().arrayBuffers;
  const statements = 300;
  const perCollection = 10;
  for (let i = 1; i <= statements; i += 1) {
    const { rows } = await ask();
    expect(rows).toEqual([{ length: size }]);
    if (i % perCollection === 0) collect({ type: 'minor' });
  }
  const kept = process.memoryUsage().arrayBuffers - before;
  // The last few are still young.
  const allowed = (statements * size) / 4;
  expect(kept).toBeLessThan(allowed);
});
