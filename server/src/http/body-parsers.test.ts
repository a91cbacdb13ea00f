import { Readable } from 'node:stream';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { openLog } from '../logging.ts';
import { addBodyParsers } from './body-parsers.ts';
import { answerErrors } from './on-error.ts';
import { recordOf } from './record.ts';

const LIMIT = 1000;
const app = Fastify({ bodyLimit: 10 });
addBodyParsers(app);
app.setErrorHandler(answerErrors(openLog({ level: 'silent' })));
app.post('/stream', { config: { streamedBody: { limitBytes: LIMIT } } }, async ({ body }) => {
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) bytes += chunk.length;
  return { bytes };
});
app.post('/json', ({ body }, reply) => reply.send(body));
const send = (
  payload: Buffer | AsyncIterable<Buffer>,
  type: string,
  more: Record<string, string> = {},
) =>
  app.inject({
    ...{ method: 'POST', url: '/stream' },
    headers: { 'content-type': type, ...more },
    payload: payload instanceof Buffer ? payload : Readable.from(payload),
  });

test.each([
  'application/xml',
  'text/xml; charset=gbk',
  'text/plain',
  'text/csv',
  'application/octet-stream',
])('a file of type %s is passed on as it arrives, past the limit of JSON bodies', async (type) => {
  const answer = await send(Buffer.alloc(LIMIT, 'x'), type);
  expect(answer.json()).toEqual({ bytes: LIMIT });
});

test('more than the route takes is refused: at once when announced, else when it arrives', async () => {
  const announced = await send(Buffer.alloc(LIMIT + 1), 'text/csv');
  expect(announced.statusCode).toBe(413);
  expect(announced.json()).toMatchObject({ code: 'body_too_large', limitBytes: LIMIT });

  async function* endless() {
    for (let chunk = 0; chunk < 1_000_000; chunk += 1)
      yield await Promise.resolve(Buffer.alloc(100));
  }
  const streamed = await send(endless(), 'text/csv');
  expect(streamed.statusCode).toBe(413);
});

test('the route reads no other types, and JSON least of all', async () => {
  for (const type of ['image/png', 'application/json', 'application/json; charset=utf-8']) {
    const answer = await send(Buffer.from('{}'), type);
    expect(answer.statusCode, type).toBe(415);
    const { received, allowed } = recordOf(answer.json());
    expect(received).toBe(type);
    expect(allowed).toContain('text/csv');
    expect(allowed).not.toContain('application/json');
  }
});

test.each(['gzip', 'GZIP', 'identity, br'])(
  'a file that is packed (%s) is refused',
  async (how) => {
    const answer = await send(Buffer.from('1,2'), 'text/csv', { 'content-encoding': how });
    expect(answer.statusCode).toBe(415);
    expect(answer.json()).toMatchObject({
      code: 'media_type_unsupported',
      received: `content-encoding: ${how}`,
      allowed: ['content-encoding: identity'],
    });
  },
);

test('a file that says it is not packed is passed on', async () => {
  const answer = await send(Buffer.from('1,2'), 'text/csv', { 'content-encoding': 'Identity' });
  expect(answer.json()).toEqual({ bytes: 3 });
});

const JSON_TYPE = 'application/json';
test.each([
  [{ 'content-encoding': 'gzip' }, JSON_TYPE, 'content-encoding: identity'],
  [{ 'content-encoding': 'identity, br' }, JSON_TYPE, 'content-encoding: identity'],
  [{}, `${JSON_TYPE}; charset=gbk`, `${JSON_TYPE}; charset=utf-8`],
  [{}, `${JSON_TYPE}; charset="iso-8859-1"`, `${JSON_TYPE}; charset=utf-8`],
])(
  'JSON that is packed, or in another charset, is not read: %j %s',
  async (more, type, allowed) => {
    const answer = await app.inject({
      ...{ method: 'POST', url: '/json', payload: '{}' },
      headers: { 'content-type': type, ...more },
    });
    expect(answer.statusCode).toBe(415);
    expect(answer.json()).toMatchObject({ code: 'media_type_unsupported', allowed: [allowed] });
  },
);

test.each([
  [{ 'content-encoding': 'identity' }, JSON_TYPE],
  [{ 'content-encoding': 'Identity' }, `${JSON_TYPE};charset="UTF-8"`],
  [{}, `${JSON_TYPE}; charset=utf8`],
])('JSON that says it is as we read it is read: %j %s', async (more, type) => {
  const answer = await app.inject({
    ...{ method: 'POST', url: '/json', payload: '{"a":1}' },
    headers: { 'content-type': type, ...more },
  });
  expect(answer.json()).toEqual({ a: 1 });
});
