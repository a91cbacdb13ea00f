import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '../kernel/error.ts';
import { headersTooLarge, invalidRequest, requestTimedOut } from './errors.ts';
import { LIMITS } from './limits.ts';
import { PROBLEM_JSON, toJson, toProblem } from './problem.ts';

/**
 * Answers what is no HTTP request at all: no route, and no headers, are known yet. One answer, and the
 * connection is closed, because where the next request would begin is not known either.
 */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = toProblem(errorOf(error.code), { language: 'en', requestId: 'none' });
  const body = toJson(problem);
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\n` +
      `content-type: ${PROBLEM_JSON}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `connection: close\r\n\r\n${body}`,
  );
}

function errorOf(code: string | undefined): AppError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new AppError(headersTooLarge, { limitBytes: LIMITS.headerBytes });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new AppError(requestTimedOut, {});
  const errors = [{ pointer: '', detail: 'must be an HTTP/1.1 request' }];
  return new AppError(invalidRequest, { errors });
}
