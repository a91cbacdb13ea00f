import { copyFileSync, statSync, truncateSync } from 'node:fs';

const LONGEST_LOG_BYTES = 16 * 1024 * 1024;
const LOOK_EVERY_MS = 60_000;

/**
 * Looks at the log now and every minute, and moves it to `<log>.1` when it has grown beyond 16 MB, so two
 * files of that size are the most. PostgreSQL keeps the file open for appending, hence copy and truncate.
 */
export function keepLogShort(log: string): NodeJS.Timeout {
  trim(log);
  return setInterval(() => trim(log), LOOK_EVERY_MS).unref();
}

function trim(log: string): void {
  try {
    if (statSync(log).size <= LONGEST_LOG_BYTES) return;
    copyFileSync(log, `${log}.1`);
    truncateSync(log, 0);
  } catch {
    // A log that cannot be trimmed (the disk is full) is no reason to stop the database.
  }
}
