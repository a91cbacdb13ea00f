import { afterAll } from 'vitest';
import { type App, buildHttp, openApp } from '../../src/app.ts';
import type { Server } from '../../src/http/server.ts';
import { type Logger, openLog } from '../../src/logging.ts';
import { createApiKey, openPlatform, SCOPES, type Scope } from '../../src/platforms/index.ts';
import { freshDatabase } from './database.ts';
import { FakeClock, testSealKeys } from './fakes.ts';
import { type CuttableWay, proxyTo } from './proxy.ts';

/** An app with its HTTP server on a database of its own; closed after the file. */
export interface TestApp {
  readonly app: App;
  readonly http: Server;
  /** The way to its database. */
  readonly proxy: CuttableWay;
  readonly clock: FakeClock;
  /** A key of platform 1 with every scope, and the header that sends it. */
  readonly key: string;
  readonly headers: { readonly authorization: string };
  /** Makes another key. */
  keyOf(options: { platformId?: bigint; scopes?: readonly Scope[] }): Promise<string>;
}

/** Call it at the top of a file. Platforms 1 and 2 exist, both on Shanghai time. */
export async function testApp(options: { log?: Logger; start?: string } = {}): Promise<TestApp> {
  const { log = openLog({ level: 'silent' }), start = '2026-11-23T04:00:00.000Z' } = options;
  const database = await freshDatabase();
  const clock = new FakeClock(start);
  const proxy = await proxyTo(database.url);
  const app = await openApp({ url: proxy.url, log, clock, sealKeys: testSealKeys() });
  afterAll(() => app.close());
  const http = await buildHttp(app);
  afterAll(() => http.close());
  for (const platformId of [1n, 2n]) {
    const place = { timeZone: 'Asia/Shanghai', sandbox: true };
    await openPlatform(app, { platformId, name: `Platform ${platformId}`, ...place });
  }
  const keyOf = async ({
    platformId = 1n,
    scopes = SCOPES,
  }: {
    platformId?: bigint;
    scopes?: readonly Scope[];
  }) => (await createApiKey(app, { platformId, name: 'test', scopes })).secret;
  const key = await keyOf({});
  const headers = { authorization: `Bearer ${key}` };
  return { app, http, proxy, clock, key, headers, keyOf };
}
