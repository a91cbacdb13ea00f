import { AppError } from '../kernel/error.ts';
import { inTime } from '../kernel/in-time.ts';
import { busy } from '../ledger/index.ts';
import { statementUploadStalled } from './errors.ts';

/** How much of the server imports over HTTP may have at once. */
export interface ImportLimits {
  /** Files of one platform that are read at once, so that none can take all the sessions from the others. */
  readonly perPlatform: number;
  /** Imports that hold a session (see `Database.sessions`) at once; posting needs some as well. */
  readonly sessions: number;
  /** How long nothing of a file may arrive, in milliseconds. The whole request has its own limit (LIMITS). */
  readonly stallMs: number;
}

/** The limits of a server. */
export const IMPORT_LIMITS: ImportLimits = { perPlatform: 2, sessions: 4, stallMs: 30_000 };

/** What a client is told to wait when an import is not begun: others take seconds. */
const RETRY_AFTER_SECONDS = 5;

/** Counts the imports under way. Whoever is one too many gets `busy` at once, and nothing was done. */
export interface ImportSlots {
  /** Does the work while fewer than `perPlatform` are under way for that platform. Throws `busy`. */
  read<T>(platformId: bigint, work: () => Promise<T>): Promise<T>;
  /** Does the work while fewer than `sessions` hold a session. Throws `busy`. */
  hold<T>(work: () => Promise<T>): Promise<T>;
  /** The same bytes; throws `statement_upload_stalled` when none arrive for too long. */
  watch(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** Makes the slots of one server. */
export function createImportSlots(limits: ImportLimits = IMPORT_LIMITS): ImportSlots {
  const underWay = new Map<unknown, number>();
  async function counted<T>(key: unknown, most: number, work: () => Promise<T>): Promise<T> {
    const before = underWay.get(key) ?? 0;
    if (before >= most) throw new AppError(busy, { retryAfterSeconds: RETRY_AFTER_SECONDS });
    underWay.set(key, before + 1);
    try {
      return await work();
    } finally {
      const after = (underWay.get(key) ?? 0) - 1;
      if (after > 0) underWay.set(key, after);
      else underWay.delete(key);
    }
  }
  return {
    read: (platformId, work) => counted(platformId, limits.perPlatform, work),
    hold: (work) => counted('sessions', limits.sessions, work),
    watch: (source) => unstalled(source, limits.stallMs),
  };
}

async function* unstalled(
  source: AsyncIterable<Uint8Array>,
  stallMs: number,
): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  let receivedBytes = 0;
  let isOver = false;
  try {
    for (;;) {
      const next = await inTime(iterator.next(), stallMs, () => {
        // What is awaited may never come: the iterator cannot be asked to end before it does.
        isOver = true;
        throw new AppError(statementUploadStalled, { seconds: stallMs / 1000, receivedBytes });
      });
      isOver = next.done === true;
      if (next.done) return;
      receivedBytes += next.value.length;
      yield next.value;
    }
  } finally {
    if (!isOver) await iterator.return?.();
  }
}
