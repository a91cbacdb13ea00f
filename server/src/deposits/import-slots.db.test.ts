import { PassThrough, type Readable } from 'node:stream';
import { afterAll, expect, test, vi } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { buildHttp, openApp } from '../app.ts';
import { openLog } from '../logging.ts';
import { createApiKey } from '../platforms/index.ts';
import { IMPORT_LIMITS } from './import-slots.ts';
import { camt, line, testPlatformOn } from './testing.fixture.ts';

const { url } = await freshDatabase();
const app = await openApp({
  ...{ url, log: openLog({ level: 'silent' }), connections: 3, batchConnections: 2 },
});
const http = await buildHttp(app);
afterAll(async () => {
  await http.close();
  await app.close();
});

async function uploader(platformId: bigint) {
  const { platformId: id, main } = await testPlatformOn(app, platformId);
  const { secret } = await createApiKey(app, {
    ...{ platformId: id, name: 'test', scopes: ['statements:write'] },
  });
  const send = async (payload: Buffer | Readable) => {
    const answer = await http.inject({
      ...{ method: 'POST', url: '/v1/statement-imports', payload },
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/octet-stream' },
    });
    return {
      status: answer.statusCode,
      retryAfter: answer.headers['retry-after'],
      body: answer.json<{ code?: string; recorded?: number }>(),
    };
  };
  const file = async (prefix: string, count = 1) => {
    const lines = Array.from({ length: count }, (_, i) => line({ reference: `${prefix}${i}` }));
    return Buffer.concat(await Array.fromAsync(camt(main.number, lines)));
  };
  /** Sends half a file; the rest when it is told. */
  const sendSlowly = async (content: Buffer) => {
    const body = new PassThrough({ highWaterMark: content.length });
    const half = content.length >> 1;
    body.write(content.subarray(0, half));
    const answer = send(body);
    // Read until it waits for more.
    await vi.waitFor(() => expect(body.readableLength).toBe(0));
    return { answer, finish: () => body.end(content.subarray(half)) };
  };
  return { send, file, sendSlowly };
}

// Goal: a platform that sends slowly keeps nobody else from importing. Method: as many uploads as it may have stop
// half-way; what it sends beyond is told to wait, others are served; then the uploads go on.
test('slow uploads of one platform hold up only that platform', async () => {
  const slow = await uploader(1n);
  const other = await uploader(2n);
  const uploads = [];
  for (let i = 0; i < IMPORT_LIMITS.perPlatform; i += 1) {
    uploads.push(await slow.sendSlowly(await slow.file(`S${i}-`)));
  }
  expect(await slow.send(await slow.file('S9-'))).toMatchObject({
    ...{ status: 503, retryAfter: '5', body: { code: 'busy' } },
  });
  expect(await other.send(await other.file('O'))).toMatchObject({ status: 201 });
  // Short files hold no connection before they have arrived.
  expect(app.database.sessions.totalCount - app.database.sessions.idleCount).toBe(0);
  for (const { finish } of uploads) finish();
  for (const { answer } of uploads) {
    expect(await answer).toMatchObject({ status: 201, body: { recorded: 1 } });
  }
  expect(await slow.send(await slow.file('S9-'))).toMatchObject({ status: 201 });
});

test('long uploads leave sessions for posting: one too many is told to wait', async () => {
  const uploads = [];
  for (let i = 0; i < IMPORT_LIMITS.sessions; i += 1) {
    const { sendSlowly, file } = await uploader(10n + BigInt(i));
    uploads.push(await sendSlowly(await file('L', 2_000)));
  }
  const held = () => app.database.sessions.totalCount - app.database.sessions.idleCount;
  await vi.waitFor(() => expect(held()).toBe(IMPORT_LIMITS.sessions));
  const late = await uploader(20n);
  const file = await late.file('X');
  expect(await late.send(file)).toMatchObject({ status: 503, body: { code: 'busy' } });
  for (const { finish } of uploads) finish();
  for (const { answer } of uploads) expect(await answer).toMatchObject({ status: 201 });
  expect(await late.send(file)).toMatchObject({ status: 201 });
});
