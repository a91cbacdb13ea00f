import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import Fastify from 'fastify';
import { afterAll, expect, test } from 'vitest';
import { AppError } from '../kernel/error.ts';
import { openLog } from '../logging.ts';
import { addBodyParsers } from './body-parsers.ts';
import { unauthenticated } from './errors.ts';
import { answerErrors } from './on-error.ts';
import { hangUpOnUnreadBodies } from './unread-body.ts';

const app = Fastify();
addBodyParsers(app, { jsonBodyMs: 20 });
hangUpOnUnreadBodies(app, 50);
app.setErrorHandler(answerErrors(openLog({ level: 'silent' })));
app.post(
  '/refused',
  { onRequest: (_request, _reply, done) => done(new AppError(unauthenticated, {})) },
  (_request, reply) => reply.send({}),
);
let tellError: (error: unknown) => void = () => {};
app.addHook('onError', (_request, _reply, error, done) => {
  tellError(error);
  done();
});
app.post('/stream', { config: { streamedBody: { limitBytes: 1000 } } }, async ({ body }) => {
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) bytes += chunk.length;
  return { bytes };
});
app.post('/read', ({ body }, reply) => reply.send({ body }));
await app.listen({ port: 0, host: '127.0.0.1' });
afterAll(() => app.close());

const post = (path: string, length: number) =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

test('who is refused before the body was sent is answered and hung up on, without reading on', async () => {
  const socket = dial();
  socket.write(`${post('/refused', 1_000_000)}{`);
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  expect(answer.toLowerCase()).toContain('\r\nconnection: close\r\n');
});

test('a client that goes on sending is cut off soon, and no further request of it is begun', async () => {
  const socket = dial(true);
  socket.on('error', () => {});
  socket.write(`${post('/refused', 3)}{`);
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString();
  });
  await once(socket, 'end');
  socket.write(`} ${post('/read', 2)}{}`);
  const drip = setInterval(() => socket.write(' '), 5);
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(drip);
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
});

test('a client that sends much and reads the answer only then still gets it', async () => {
  const socket = dial();
  const body = 'x'.repeat(5_000_000);
  socket.write(post('/refused', body.length) + body);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 401 /);
});

test('a stop does not wait for the body of a request that was answered', async () => {
  const other = Fastify();
  hangUpOnUnreadBodies(other, 1);
  other.addHook('onRequest', (_request, reply) => void reply.code(404).send());
  await other.listen({ port: 0, host: '127.0.0.1' });
  const address = other.server.address();
  const socket = connect({
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    allowHalfOpen: true,
  });
  socket.on('error', () => {});
  socket.write(`${post('/nothing', 100)}{`);
  await once(socket, 'data');
  await other.close();
  socket.destroy();
});

test('a small body that comes with its headers keeps the connection, even when it is refused', async () => {
  const socket = dial();
  socket.write(`${post('/refused', 2)}{}`);
  const [first] = (await once(socket, 'data')) as [Buffer];
  expect(first.toString()).toContain('401');
  expect(first.toString().toLowerCase()).not.toContain('connection: close');
  socket.write(`${post('/read', 2)}{}`);
  const [second] = (await once(socket, 'data')) as [Buffer];
  expect(second.toString()).toMatch(/^HTTP\/1\.1 200 /);
  socket.destroy();
});

test('JSON that drips in is answered 408 at the limit, and hung up on', async () => {
  const socket = dial();
  socket.write(`${post('/read', 1000)}{`);
  const drip = setInterval(() => socket.writable && socket.write(' '), 5);
  const answer = await text(socket);
  clearInterval(drip);
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer).toContain('"code":"request_timed_out"');
  expect(answer.toLowerCase()).toContain('\r\nconnection: close\r\n');
});

test('a stream that turns out too long is answered, then hung up on', async () => {
  const socket = dial();
  socket.write(
    'POST /stream HTTP/1.1\r\nhost: x\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n' +
      `800\r\n${'x'.repeat(0x800)}\r\n`,
  );
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(answer.toLowerCase()).toContain('\r\nconnection: close\r\n');
});

test.each(['/read', '/stream'])(
  'a body to %s that never arrives in full leaves no doubt',
  async (path) => {
    const failed = new Promise((resolve) => {
      tellError = resolve;
    });
    const socket = dial();
    const type = path === '/stream' ? 'text/csv' : 'application/json';
    socket.write(`${post(path, 100).replace('application/json', type)}{`);
    await once(app.server, 'request');
    socket.destroy();
    expect(await failed).toMatchObject({ definition: { code: 'request_timed_out' } });
  },
);

function dial(allowHalfOpen = false): Socket {
  const address = app.server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return connect({ port, host: '127.0.0.1', allowHalfOpen });
}
