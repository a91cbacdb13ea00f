import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LIMITS } from './limits.ts';

/**
 * Closes the connection after an answer that was given before the request's body was there: whoever is
 * refused must not hold a connection, or a stop of the server, by sending slowly what nobody reads.
 */
export function hangUpOnUnreadBodies(
  app: FastifyInstance,
  lingerMs: number = LIMITS.lingerMs,
): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!isBodyOnItsWay(request)) return done(null, payload);
    // A small body came together with the headers: it is read in this turn of the event loop, after us.
    setImmediate(() => {
      if (isBodyOnItsWay(request)) {
        reply.header('connection', 'close');
        // None when the client is gone already.
        const { socket } = reply.raw;
        if (socket) lingerOnClose(socket, lingerMs);
      }
      done(null, payload);
    });
  });
}

function isBodyOnItsWay({ headers, raw }: FastifyRequest): boolean {
  const hasBody =
    headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  // Requests that are injected, without a connection, do not say whether they are complete.
  return hasBody && raw.complete === false;
}

/**
 * A socket that is closed with bytes unread is reset, and a client that is still sending loses the answer. So
 * Node's way to close it after the last answer is replaced: our side is ended, what comes is thrown away, and
 * the socket is closed when the client has ended too, at the latest after `lingerMs`.
 */
function lingerOnClose(socket: Socket, lingerMs: number): void {
  socket.destroySoon = () => {
    // Without its parser no further request of this connection is begun: nobody could be answered.
    socket.removeAllListeners('data');
    socket.on('data', () => {});
    socket.resume();
    socket.end();
    const limit = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => clearTimeout(limit));
  };
}
