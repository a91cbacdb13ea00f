import { AppError } from '../../../kernel/error.ts';
import { openStatementFile, type StatementFileOptions } from '../open-statement-file.ts';
import type { StatementClosed, StatementEvent, StatementLine } from '../statement-file.ts';

/** A file in pieces of the given size: whatever the pieces are, the events must be the same. */
export async function* inPieces(
  file: Uint8Array | string,
  size = 65_536,
): AsyncGenerator<Uint8Array> {
  const bytes = typeof file === 'string' ? new TextEncoder().encode(file) : file;
  for (let from = 0; from < bytes.length; from += size) {
    yield await Promise.resolve(bytes.subarray(from, from + size));
  }
}

/** Reads a whole file into memory. */
export async function readEvents(
  file: Uint8Array | string,
  options: StatementFileOptions = {},
  size?: number,
): Promise<StatementEvent[]> {
  const opened = await openStatementFile(inPieces(file, size), options);
  const events: StatementEvent[] = [];
  for await (const batch of opened.events) events.push(...batch);
  return events;
}

/** The lines of a file, which must be readable. */
export async function readLines(
  file: Uint8Array | string,
  options?: StatementFileOptions,
): Promise<StatementLine[]> {
  const events = await readEvents(file, options);
  return events.filter((event) => event.kind === 'line');
}

/** The ends of the statements of a file, which must be readable. */
export async function readClosed(
  file: Uint8Array | string,
  options?: StatementFileOptions,
): Promise<StatementClosed[]> {
  const events = await readEvents(file, options);
  return events.filter((event) => event.kind === 'closed');
}

/** The code and the facts of the error that reading ends in; anything but an AppError is thrown on. */
export async function readFailure(
  file: Uint8Array | string,
  options?: StatementFileOptions,
): Promise<Record<string, unknown>> {
  try {
    await readEvents(file, options);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const facts: unknown = error.facts;
    return { code: error.definition.code, ...(typeof facts === 'object' ? facts : {}) };
  }
  return { code: 'none' };
}

/** Collects the pieces of a generated file. */
export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}
