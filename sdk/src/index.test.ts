import { expect, test } from 'vitest';
import { createGuanjia, InexactIntegerError } from './index.ts';

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly key: string | null;
  readonly authorization: string | null;
  readonly body: string;
}

const transfer = { debitAccount: '8'.repeat(19), creditAccount: '9'.repeat(19), amount: 1230 };
const busy = (retryAfter?: string) =>
  new Response('{"code":"busy"}', {
    status: 503,
    headers: {
      'content-type': 'application/problem+json',
      ...(retryAfter ? { 'retry-after': retryAfter } : {}),
    },
  });
const done = () => Response.json({ id: 'trf_1' }, { status: 201 });

/** A client whose server gives these answers in turn, the last one again and again. Nothing is waited for. */
function clientOf(...answers: (() => Response)[]) {
  const sent: Sent[] = [];
  const waits: number[] = [];
  const client = createGuanjia({
    baseUrl: 'http://guanjia.test',
    apiKey: 'gj_1_key',
    newKey: () => `made-${sent.length}`,
    fetch: async (request) => {
      const { method, url, headers } = request;
      const [key, authorization] = [headers.get('idempotency-key'), headers.get('authorization')];
      const answer = answers[Math.min(sent.length, answers.length - 1)];
      sent.push({ method, url, key, authorization, body: await request.text() });
      if (!answer) throw new Error('no answer was given');
      return answer();
    },
    wait: async (milliseconds) => {
      waits.push(milliseconds);
      await Promise.resolve();
    },
  });
  return { client, sent, waits };
}

test('every request carries the API key, and a money call without a key gets one', async () => {
  const { client, sent } = clientOf(done);
  await client.POST('/v1/transfers', { body: transfer });
  await client.GET('/v1/platform');
  expect(sent).toEqual([
    {
      method: 'POST',
      url: 'http://guanjia.test/v1/transfers',
      key: 'made-0',
      authorization: 'Bearer gj_1_key',
      body: JSON.stringify(transfer),
    },
    {
      method: 'GET',
      url: 'http://guanjia.test/v1/platform',
      key: null,
      authorization: 'Bearer gj_1_key',
      body: '',
    },
  ]);
});

test('a key of the caller is left as it is, and what moves no money gets none', async () => {
  const { client, sent } = clientOf(done);
  await client.POST('/v1/transfers', {
    body: transfer,
    headers: { 'Idempotency-Key': 'order-1001' },
  });
  await client.POST('/v1/members', { body: { kind: 'company', name: 'A' } });
  expect(sent.map(({ key }) => key)).toEqual(['order-1001', null]);
});

test('a 503 is repeated with the same key and body, after the time that it asks for', async () => {
  const { client, sent, waits } = clientOf(() => busy('2'), busy, done);
  const { data, response } = await client.POST('/v1/transfers', { body: transfer });
  expect(response.status).toBe(201);
  expect(data).toEqual({ id: 'trf_1' });
  expect(sent.map(({ key }) => key)).toEqual(['made-0', 'made-0', 'made-0']);
  expect(new Set(sent.map(({ body }) => body))).toEqual(new Set([JSON.stringify(transfer)]));
  expect(waits).toEqual([2000, 1000]);
});

test('repeating has an end, and then the last answer is the answer', async () => {
  const { client, sent, waits } = clientOf(() => busy('3600'));
  const { error, response } = await client.POST('/v1/transfers', { body: transfer });
  expect(response.status).toBe(503);
  expect(error).toEqual({ code: 'busy' });
  expect(sent).toHaveLength(5);
  expect(waits).toEqual([30_000, 30_000, 30_000, 30_000]);
});

test('no answer at all is repeated too, and thrown in the end', async () => {
  const broken = () => {
    throw new TypeError('fetch failed');
  };
  const recovered = clientOf(broken, done);
  await recovered.client.POST('/v1/transfers', { body: transfer });
  expect(recovered.sent.map(({ key }) => key)).toEqual(['made-0', 'made-0']);

  const lost = clientOf(broken);
  await expect(lost.client.POST('/v1/transfers', { body: transfer })).rejects.toThrow(
    'fetch failed',
  );
  expect(lost.sent).toHaveLength(5);
});

test('what could be done twice is sent once', async () => {
  const { client, sent } = clientOf(busy);
  const { response } = await client.POST('/v1/members', { body: { kind: 'company', name: 'A' } });
  expect(response.status).toBe(503);
  expect(sent).toHaveLength(1);
});

test('a refusal is an answer: it is not repeated', async () => {
  const refused = () => Response.json({ code: 'insufficient_funds' }, { status: 422 });
  const { client, sent } = clientOf(refused);
  const { error } = await client.POST('/v1/transfers', { body: transfer });
  expect(error).toEqual({ code: 'insufficient_funds' });
  expect(sent).toHaveLength(1);
});

test('who gives up is not kept waiting', async () => {
  const giveUp = new AbortController();
  const { client, sent } = clientOf(() => {
    giveUp.abort();
    return busy();
  });
  await client.POST('/v1/transfers', { body: transfer, signal: giveUp.signal });
  expect(sent).toHaveLength(1);
});

test('an integer that would be rounded is refused, with the whole answer', async () => {
  const text = '{"totals":{"credits":{"count":2,"sum":9007199254740993}}}';
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const { client } = clientOf(() => new Response(text, { headers }));
  const failure: unknown = await client.GET('/v1/platform').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(InexactIntegerError);
  expect(failure).toMatchObject({ field: 'sum', status: 200, text });

  const exact = { number: '8888800000000000017', sum: Number.MAX_SAFE_INTEGER, least: -1 };
  const { client: other } = clientOf(() => Response.json(exact));
  expect((await other.GET('/v1/platform')).data).toEqual(exact);
});

test('a file is sent as it is, under a type of its own unless one is given', async () => {
  const types: (string | null)[] = [];
  const bodies: string[] = [];
  const client = createGuanjia({
    baseUrl: 'http://guanjia.test',
    apiKey: 'gj_1_key',
    fetch: async (request) => {
      types.push(request.headers.get('content-type'));
      bodies.push(await request.text());
      return Response.json({}, { status: 201 });
    },
  });
  const path = '/v1/statement-imports';
  await client.POST(path, { body: new TextEncoder().encode('<Document/>') });
  await client.POST(path, {
    body: new Blob([':20:ref']),
    headers: { 'Content-Type': 'text/plain' },
  });
  await client.POST(path, { body: new TextEncoder().encode('<Document/>').buffer });
  await client.POST(path, { body: 'date,amount\n' });
  expect(bodies).toEqual(['<Document/>', ':20:ref', '<Document/>', 'date,amount\n']);
  const unsaid = 'application/octet-stream';
  expect(types).toEqual([unsaid, 'text/plain', unsaid, unsaid]);
});
