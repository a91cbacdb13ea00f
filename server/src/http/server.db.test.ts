import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { keyTextId, revokeApiKey } from '../platforms/index.ts';
import { LIMITS } from './limits.ts';

const { app, http, clock, key, headers, keyOf } = await testApp();
const get = (url: string, more: Record<string, string> = {}) =>
  http.inject({ url, headers: { ...headers, ...more } });
const postMember = (payload: unknown, more: Record<string, string> = {}) =>
  http.inject({
    method: 'POST',
    url: '/v1/members',
    payload: payload as object,
    headers: { ...headers, ...more },
  });

test('a good key passes, and names its platform', async () => {
  const answer = await get('/v1/platform');
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual({
    ...{ id: 'plt_1', name: 'Platform 1', timeZone: 'Asia/Shanghai' },
    ...{ businessDate: '2026-11-23', sandbox: true },
  });
  const other = await keyOf({ platformId: 2n });
  expect((await get('/v1/platform', { authorization: `bearer ${other}` })).json()).toMatchObject({
    id: 'plt_2',
  });
});

test('no key, another scheme, and wrong keys are all answered alike', async () => {
  const wrongSecret = `${key.slice(0, -4)}${key.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
  const otherPlatform = key.replace(/^gj_1_/, 'gj_2_');
  const noSuchPlatform = key.replace(/^gj_1_/, 'gj_999_');
  const wrong = [
    '',
    'Basic abc',
    'Bearer',
    'Bearer x',
    `Bearer ${key} `,
    `Bearer ${'x'.repeat(5000)}`,
  ];
  for (const authorization of [
    ...wrong,
    ...[wrongSecret, otherPlatform, noSuchPlatform].map((k) => `Bearer ${k}`),
  ]) {
    const answer = await get('/v1/platform', { authorization });
    expect(answer.statusCode, authorization).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.json()).toMatchObject({ code: 'unauthenticated', status: 401 });
  }
});

test('a key without the scope is told which one it lacks', async () => {
  const reader = await keyOf({ scopes: ['read'] });
  const answer = await postMember(
    { kind: 'company', name: 'x' },
    { authorization: `Bearer ${reader}` },
  );
  expect(answer.statusCode).toBe(403);
  expect(answer.json()).toMatchObject({ code: 'scope_missing', scope: 'accounts:write' });
  expect((await get('/v1/platform', { authorization: `Bearer ${reader}` })).statusCode).toBe(200);
});

test('a key revoked here fails at once; one revoked elsewhere after two seconds', async () => {
  const made = await http.inject({
    method: 'POST',
    url: '/v1/api-keys',
    headers,
    payload: { name: 'till', scopes: ['read', 'read'] },
  });
  expect(made.statusCode).toBe(201);
  // The secret is in it.
  expect(made.headers['cache-control']).toBe('no-store');
  const { id, secret, scopes } = made.json<{ id: string; secret: string; scopes: string[] }>();
  expect(scopes).toEqual(['read']);
  const ask = async () =>
    (await get('/v1/platform', { authorization: `Bearer ${secret}` })).statusCode;
  expect(await ask()).toBe(200);
  expect(
    (await http.inject({ method: 'DELETE', url: `/v1/api-keys/${id}`, headers })).statusCode,
  ).toBe(204);
  expect(await ask()).toBe(401);
  expect(
    (await http.inject({ method: 'DELETE', url: `/v1/api-keys/${id}`, headers })).statusCode,
  ).toBe(204);

  const other = await keyOf({ scopes: ['read'] });
  const asOther = async () =>
    (await get('/v1/platform', { authorization: `Bearer ${other}` })).statusCode;
  expect(await asOther()).toBe(200);
  // Another process writes the row, and cannot tell this one.
  await app.db
    .updateTable('api_key')
    .set({ revoked_at: clock.now() })
    .where('platform_id', '=', 1n)
    .where('name', '=', 'test')
    .where('revoked_at', 'is', null)
    .where(sql`scopes`, '=', sql`'{read}'::text[]`)
    .execute();
  clock.advance(1_999);
  expect(await asOther()).toBe(200);
  clock.advance(1);
  expect(await asOther()).toBe(401);
});

test('a key makes keys with scopes of its own only', async () => {
  const authorization = `Bearer ${await keyOf({ scopes: ['keys:manage', 'read'] })}`;
  const make = (scopes: string[]) =>
    http.inject({
      ...{ method: 'POST', url: '/v1/api-keys', payload: { name: 'more', scopes } },
      headers: { authorization },
    });
  const names = async () =>
    (await get('/v1/api-keys')).json<{ data: { name: string }[] }>().data.map(({ name }) => name);
  for (const more of ['money:write', 'accounts:write', 'statements:write']) {
    const refused = await make(['read', more]);
    expect(refused.statusCode).toBe(403);
    expect(refused.json()).toMatchObject({ code: 'scope_missing', scope: more });
  }
  expect(await names()).not.toContain('more');
  expect((await make(['read', 'keys:manage'])).statusCode).toBe(201);
});

test('a platform neither sees nor revokes the keys of another', async () => {
  const otherHeaders = { authorization: `Bearer ${await keyOf({ platformId: 2n })}` };
  const mine: { data: { id: string; secret?: string }[] } = (await get('/v1/api-keys')).json();
  const theirs: typeof mine = (
    await http.inject({ url: '/v1/api-keys', headers: otherHeaders })
  ).json();
  expect(mine.data.every(({ secret }) => secret === undefined)).toBe(true);
  expect(mine.data.filter(({ id }) => theirs.data.some((each) => each.id === id))).toEqual([]);
  const id = mine.data[0]?.id ?? '';
  const answer = await http.inject({
    method: 'DELETE',
    url: `/v1/api-keys/${id}`,
    headers: otherHeaders,
  });
  expect(answer.statusCode).toBe(404);
  expect(answer.json()).toMatchObject({ code: 'api_key_not_found' });
  await expect(
    revokeApiKey(app, { platformId: 1n, keyId: keyTextId('01940000-0000-7000-8000-000000000000') }),
  ).rejects.toThrow('api_key_not_found');
});

test('unknown addresses are 404 and other methods 405, in the language asked for', async () => {
  const missing = await get('/v1/nothing', { 'accept-language': 'zh-CN' });
  expect(missing.statusCode).toBe(404);
  expect(missing.json()).toMatchObject({
    code: 'route_not_found',
    title: '地址不存在',
    method: 'GET',
    path: '/v1/nothing',
  });
  expect(missing.headers['content-language']).toBe('zh');
  const put = await http.inject({ method: 'PUT', url: '/v1/members/mem_1', headers });
  expect(put.statusCode).toBe(405);
  expect(put.headers.allow).toBe('GET, HEAD, PATCH');
  expect((await get(`/v1/members/${'x'.repeat(300)}`)).statusCode).toBe(404);
  expect((await get('/v1/members/%ff')).statusCode).toBe(404);
});

test('bodies: the type, the encoding, the syntax and the size are each named', async () => {
  const post = (payload: string | Buffer, type = 'application/json') =>
    http.inject({
      method: 'POST',
      url: '/v1/members',
      payload,
      headers: { ...headers, 'content-type': type },
    });
  const xml = await post('<a/>', 'application/xml');
  expect(xml.statusCode).toBe(415);
  expect(xml.json()).toMatchObject({
    code: 'media_type_unsupported',
    allowed: ['application/json'],
  });
  expect((await post('x', 'image/png')).statusCode).toBe(415);
  expect((await post('{"kind":"company",}')).json()).toMatchObject({
    code: 'malformed_json',
    status: 400,
    position: 18,
  });
  expect((await post('{"kind":')).json()).toMatchObject({ code: 'malformed_json', position: 8 });
  expect((await post('')).json()).toMatchObject({ code: 'malformed_json', reason: 'it is empty' });
  expect((await post('{"__proto__":{"a":1}}')).json()).toMatchObject({ code: 'malformed_json' });
  for (const amount of ['9007199254740990.9', '1.0000000000000000001'])
    expect((await post(`{"amount":${amount}}`)).json()).toMatchObject({
      code: 'malformed_json',
      status: 400,
    });
  expect(
    (await post('{"name":"9007199254740990.9","x":1.000000000000000000}')).json(),
  ).toMatchObject({ code: 'invalid_request' });
  const latin = Buffer.from('{"kind":"company","name":"caf\xe9"}', 'latin1');
  expect((await post(latin)).json()).toMatchObject({
    code: 'malformed_json',
    reason: 'it is not UTF-8',
  });
  const large = await post(`"${'x'.repeat(LIMITS.jsonBodyBytes)}"`);
  expect(large.statusCode).toBe(413);
  expect(large.json()).toMatchObject({ code: 'body_too_large', limitBytes: LIMITS.jsonBodyBytes });
  expect((await postMember(undefined)).json()).toMatchObject({ code: 'invalid_request' });
});

test('50 MB to a JSON route are refused before they are sent', async () => {
  const { socket, port } = await dial();
  socket.write(
    `POST /v1/members HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${key}\r\n` +
      'content-type: application/json\r\ncontent-length: 52428800\r\n\r\n{',
  );
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(answer).toContain('"code":"body_too_large"');
  expect(answer.toLowerCase()).toContain('connection: close');
});

test('who has no key, or asks for nothing that is, is hung up on before the body is sent', async () => {
  for (const [path, status] of [
    ['/v1/members', 401],
    ['/v1/nothing', 404],
    ['/health/live', 405],
  ] as const) {
    const { socket, port } = await dial();
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n` +
        'content-type: application/json\r\ncontent-length: 1000\r\n\r\n{',
    );
    const answer = await text(socket);
    expect(answer.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
    expect(answer.toLowerCase()).toContain('connection: close');
  }
});

test('who ends its side behind a whole request is answered', async () => {
  const { socket, port } = await dial();
  const body = '{"kind":"company","name":"Half"}';
  socket.end(
    `POST /v1/members HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${key}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 201 [\s\S]*"name":"Half"/);
});

test('headers that are too long, and what is no HTTP, get a problem and are hung up on', async () => {
  const long = await dial();
  long.socket.write(
    `GET /v1/platform HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(LIMITS.headerBytes)}\r\n\r\n`,
  );
  const answer = await text(long.socket);
  expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  expect(answer).toContain('"code":"headers_too_large"');
  const junk = await dial();
  junk.socket.write('hello\r\n\r\n');
  expect(await text(junk.socket)).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"invalid_request"/);
});

test('slow senders are bounded, connections are kept, and requests on one are not counted', () => {
  expect(http.server.headersTimeout).toBe(LIMITS.headersTimeoutMs);
  expect(http.server.requestTimeout).toBe(LIMITS.requestTimeoutMs);
  expect(http.server.keepAliveTimeout).toBe(LIMITS.keepAliveTimeoutMs);
  expect(http.server.maxRequestsPerSocket).toBe(0);
});

test('pages of problems: people get two languages and no script, programs JSON', async () => {
  const page = await http.inject('/problems/insufficient_funds');
  expect(page.headers['content-type']).toContain('text/html');
  expect(page.body).toContain('账户可用余额不足');
  expect(page.body).toContain('The account has too little available');
  expect(page.body).not.toContain('<script');
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  const json = await http.inject({
    url: '/problems/insufficient_funds',
    headers: { accept: 'application/json' },
  });
  expect(json.json()).toMatchObject({ code: 'insufficient_funds', status: 422 });
  expect((await http.inject('/problems')).body).toContain('/problems/busy');
  expect((await http.inject('/problems/%3Cscript%3E')).statusCode).toBe(404);
});

test('the address of the server itself says where to go on, and each link leads there', async () => {
  const json = await http.inject('/');
  expect(json.statusCode).toBe(200);
  const { links } = json.json<{ links: Record<string, string> }>();
  expect(Object.keys(links)).toEqual(['docs', 'openapi', 'problems', 'ready']);
  const page = await http.inject({ url: '/', headers: { accept: 'text/html,*/*;q=0.8' } });
  expect(page.headers['content-type']).toContain('text/html');
  for (const path of Object.values(links)) {
    expect(page.body).toContain(`href="${path}"`);
    expect((await http.inject(path)).statusCode, path).toBe(200);
  }
});

test('/docs is one page and one script, both from here', async () => {
  expect((await http.inject('/docs')).headers.location).toBe('/docs/');
  const page = await http.inject('/docs/');
  expect(page.body).toContain('"url": "/openapi.json"');
  expect(page.headers['x-content-type-options']).toBe('nosniff');
  expect(page.body).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(page.headers['content-security-policy']).toMatch(/^default-src 'self'/);
  const zipped = await http.inject({
    url: '/docs/js/scalar.js',
    headers: { 'accept-encoding': 'gzip' },
  });
  expect(zipped.headers['content-encoding']).toBe('gzip');
  expect(zipped.headers['x-content-type-options']).toBe('nosniff');
  const again = { 'if-none-match': String(zipped.headers.etag) };
  expect((await http.inject({ url: '/docs/js/scalar.js', headers: again })).statusCode).toBe(304);
});

test('metrics count requests by route and status, and the process', async () => {
  await get('/v1/platform');
  const metrics = (await http.inject('/metrics')).body;
  expect(metrics).toMatch(
    /guanjia_http_request_duration_seconds_count\{method="GET",route="\/v1\/platform",status="200"\} [1-9]/,
  );
  expect(metrics).toMatch(
    /_bucket\{method="POST",route="\/v1\/members",status="413",le="\+Inf"\} 2\n/,
  );
  for (const name of [
    'process_cpu_seconds_total',
    'guanjia_ledger_waiting 0',
    'guanjia_ledger_batches_total',
  ])
    expect(metrics).toContain(name);
  expect(metrics).not.toContain(key);
});

/** A raw connection to the server, which then listens. */
async function dial() {
  if (!http.server.listening) await http.listen({ port: 0, host: '127.0.0.1' });
  const address = http.server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { socket: connect({ port, host: '127.0.0.1' }), port };
}
