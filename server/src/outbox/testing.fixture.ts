/** A receiver of webhooks that really listens, on loopback, and does what a test tells it. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll } from 'vitest';

/** A message as it arrived. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: { id: string; type: string; objectId: string; data: Record<string, unknown> };
}

/** The receiver. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** How it answers from now on; 204 until it is told. */
  answer: (message: Received, response: ServerResponse) => void;
}

const thanks = (_: Received, response: ServerResponse) => void response.writeHead(204).end();

/** Starts a receiver; it is closed after the file. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const receiver = { url: '', received, answer: thanks };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const event = JSON.parse(body) as Received['event'];
      const message = { path: request.url ?? '', headers: request.headers, body, event };
      received.push(message);
      receiver.answer(message, response);
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return receiver;
}
