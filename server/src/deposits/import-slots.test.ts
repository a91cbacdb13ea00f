import { expect, test } from 'vitest';
import { createImportSlots, IMPORT_LIMITS } from './import-slots.ts';

const never = Promise.withResolvers<never>().promise;

test('an upload that stops arriving is given up, and says how much had come', async () => {
  const { watch } = createImportSlots({ ...IMPORT_LIMITS, stallMs: 1 });
  const source = async function* () {
    yield await Promise.resolve(Buffer.from('half'));
    await never;
  };
  const received: Uint8Array[] = [];
  const read = async () => {
    for await (const piece of watch(source())) received.push(piece);
  };
  await expect(read()).rejects.toMatchObject({
    definition: { code: 'statement_upload_stalled' },
    facts: { seconds: 0.001, receivedBytes: 4 },
  });
  expect(received).toHaveLength(1);
});

test('a source is closed when its reader leaves', async () => {
  let closed = false;
  const source = async function* () {
    try {
      for (;;) yield await Promise.resolve(Buffer.from('x'));
    } finally {
      closed = true;
    }
  };
  for await (const _ of createImportSlots().watch(source())) break;
  expect(closed).toBe(true);
});

test('a slot is free again after its work, also when that failed', async () => {
  const { read } = createImportSlots({ ...IMPORT_LIMITS, perPlatform: 1 });
  const failing = read(1n, () => Promise.reject(new Error('no')));
  await expect(read(1n, () => Promise.resolve(1))).rejects.toMatchObject({
    ...{ definition: { code: 'busy' }, facts: { retryAfterSeconds: 5 } },
  });
  expect(await read(2n, () => Promise.resolve(2))).toBe(2);
  await expect(failing).rejects.toThrow('no');
  expect(await read(1n, () => Promise.resolve(3))).toBe(3);
});
