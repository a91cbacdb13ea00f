import type { Server } from 'node:http';

/**
 * Answers whoever ends his side of the connection behind a whole request (`nc -N`), and closes it then: what was asked
 * is done, so he must hear of it. Behind half a request, or none, the connection is closed at once, as ever.
 */
export function answerHalfClosed(server: Server): void {
  // Node asks this of each connection that the client ends; it is in no type and no document, so a test watches it.
  Reflect.set(server, 'httpAllowHalfOpen', true);
}
