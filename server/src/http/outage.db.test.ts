import { expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { openLog } from '../logging.ts';

const lines: string[] = [];
const log = openLog({ level: 'info', stream: { write: (line) => void lines.push(line) } });
const { http, clock, proxy, key, headers, app } = await testApp({ log });

// Goal: a database that goes away is said so, everywhere the same way, and nothing leaks; when it is back,
// so are we. Method: cut the way to it under a server that was working.
test('with the database away: live, not ready, 503 with Retry-After, and no key is refused for it', async () => {
  expect((await http.inject('/health/ready')).statusCode).toBe(200);
  expect((await http.inject({ url: '/v1/platform', headers })).statusCode).toBe(200);

  await proxy.cut();
  clock.advance(60_000); // the key is to be looked up again
  const ready = await http.inject('/health/ready');
  expect(ready.statusCode).toBe(503);
  expect(ready.headers['retry-after']).toBe('1');
  expect((await http.inject('/health/live')).statusCode).toBe(200);
  for (const url of ['/v1/platform', '/v1/members']) {
    const answer = await http.inject({ url, headers });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json()).toMatchObject({ code: 'database_unavailable', status: 503 });
    expect(answer.body).not.toContain('127.0.0.1');
  }
  expect(lines.join('')).toContain('database_unavailable');
  expect(lines.join('')).not.toContain(key);

  await proxy.mend();
  expect((await http.inject('/health/ready')).statusCode).toBe(200);
  expect((await http.inject({ url: '/v1/platform', headers })).statusCode).toBe(200);
});

test('while stopping the server is not ready', async () => {
  app.beginStopping();
  expect((await http.inject('/health/ready')).statusCode).toBe(503);
});
