import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addBodyParsers } from './body-parsers.ts';
import { answerClientError } from './client-error.ts';
import { answerHalfClosed } from './half-closed.ts';
import { hangUpOnUnreadBodies } from './unread-body.ts';

let app: FastifyInstance;
/** Called once for each request that arrived in full; the answer waits for what it gives. */
let work: () => Promise<void>;
beforeEach(async () => {
  work = () => Promise.resolve();
  app = Fastify({ forceCloseConnections: 'idle', clientErrorHandler: answerClientError });
  answerHalfClosed(app.server);
  addBodyParsers(app);
  hangUpOnUnreadBodies(app, 10);
  app.post('/', async ({ body }) => {
    await work();
    return { body };
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(() => app.close());

const HEAD = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
const request = (body: string) => `${HEAD}content-length: ${body.length}\r\n\r\n${body}`;

test('a client that ends its side behind a whole request is answered, and then hung up on', async () => {
  // The client has ended its side by the time that the work is done.
  work = async () => void (await once(await connected, 'end'));
  const connected = serverSide();
  const socket = dial();
  socket.end(request('{"a":1}'));
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\{"body":\{"a":1\}\}$/);
  expect((await connected).writableEnded).toBe(true);
});

test('so is each of several requests', async () => {
  const connected = serverSide();
  const socket = dial();
  socket.end(request('1') + request('2'));
  const answer = await text(socket);
  expect(answer.match(/\{"body":\d\}/g)).toEqual(['{"body":1}', '{"body":2}']);
  expect((await connected).writableEnded).toBe(true);
});

test.each([
  ['in the headers', 'POST / HTTP/1.1\r\nhost: x', /^HTTP\/1\.1 400 /],
  ['in the body', `${HEAD}content-length: 10\r\n\r\n{`, /^HTTP\/1\.1 400 /],
  ['in a chunk', `${HEAD}transfer-encoding: chunked\r\n\r\n5\r\n{`, /^HTTP\/1\.1 400 /],
  ['before anything', '', /^$/],
])('a connection that is ended %s is closed at once', async (_where, sent, answer) => {
  let worked = 0;
  work = () => {
    worked += 1;
    return Promise.resolve();
  };
  const socket = dial();
  socket.end(sent);
  expect(await text(socket)).toMatch(answer);
  expect(worked).toBe(0);
});

test('a stop answers who has ended its side, and waits for nothing else of it', async () => {
  let go = () => {};
  const begun = new Promise<void>((tell) => {
    work = () => {
      tell();
      return new Promise((resolve) => {
        go = resolve;
      });
    };
  });
  const connected = serverSide();
  const socket = dial();
  const ended = connected.then((server) => once(server, 'end'));
  socket.end(request('{}'));
  const answer = text(socket);
  await Promise.all([begun, ended]);
  const closed = app.close();
  go();
  expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
  await closed;
});

/** The server's side of the next connection. */
async function serverSide(): Promise<Socket> {
  const [socket] = (await once(app.server, 'connection')) as [Socket];
  return socket;
}

/** A client that reads on after it has ended its side. */
function dial(): Socket {
  const address = app.server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return connect({ port, host: '127.0.0.1' });
}
