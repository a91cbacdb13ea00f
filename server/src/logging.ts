import pino, { type DestinationStream, type Logger } from 'pino';
import type { LogLevel } from './config.ts';
import { messageWithoutValues } from './db/database.ts';
import { recordOf } from './http/record.ts';

export type { Logger } from 'pino';

/** What identifies people, or lets somebody act for them. Bodies are never logged at all. */
const PERSONAL = [
  'authorization',
  'apiKey',
  'secret',
  'password',
  'name',
  'accountNumber',
  'counterpartyName',
  'counterpartyAccount',
  'remittance',
  'metadata',
  'legalName',
  'identityNumber',
  'creditCode',
  'mobile',
];

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/**
 * The log: one JSON object a line with the time in UTC, or short lines when a person is watching. Fields
 * that identify people are blacked out, at the top and one level down.
 */
export function openLog(options: {
  level: LogLevel;
  /** Short lines instead of JSON. */
  forPeople?: boolean;
  stream?: DestinationStream;
}): Logger {
  const { level, forPeople = false, stream = pino.destination({ fd: 1, sync: false }) } = options;
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: describeError },
      redact: { paths: PERSONAL.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    },
    forPeople ? shortLines(stream) : stream,
  );
}

/**
 * Of a database error: the row or the value that it is about, and the connection, which holds the key to cancel
 * its statements. What else there is names tables and constraints.
 */
const HIDDEN_FIELDS = new Set(['detail', 'where', 'hint', 'internalQuery', 'client']);

/** An error as it is logged, and those inside it, without what PostgreSQL tells of rows and values. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return withoutRows(pino.stdSerializers.err(error), hiddenMessages(error));
}

/** Messages that may hold values, and what is said instead; of an error and of all inside it. */
function hiddenMessages(error: Error): ReadonlyMap<string, string> {
  const hidden = new Map<string, string>();
  const waiting: unknown[] = [error];
  const seen = new Set<unknown>();
  while (waiting.length > 0) {
    const each = waiting.pop();
    if (!(each instanceof Error) || seen.has(each)) continue;
    seen.add(each);
    const { message } = each;
    const told = messageWithoutValues(each);
    if (told !== message && message !== '') hidden.set(message, told);
    const inside: readonly unknown[] = each instanceof AggregateError ? each.errors : [];
    const parts: readonly unknown[] = Object.values(each);
    waiting.push(each.cause, ...inside, ...parts);
  }
  return hidden;
}

/** Messages stand in stacks too, and in those of whoever has them as a cause. */
function withoutRows(value: unknown, hidden: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') {
    return [...hidden].reduce((text, [message, told]) => text.replaceAll(message, told), value);
  }
  if (Array.isArray(value)) return value.map((each) => withoutRows(each, hidden));
  if (!isSerialized(value)) return value;
  const kept = Object.entries(value).filter(([field]) => !HIDDEN_FIELDS.has(field));
  return Object.fromEntries(kept.map(([field, each]) => [field, withoutRows(each, hidden)]));
}

/** Pino makes of an error, and of each one inside it, an object with its stack. */
const isSerialized = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && 'stack' in value;

/** Rewrites each JSON line as `08:30:00 info message field=value`. */
function shortLines(stream: DestinationStream): DestinationStream {
  return {
    write: (line) => {
      const { time, level, msg, err, ...fields }: Record<string, unknown> = recordOf(
        JSON.parse(line),
      );
      const stack: unknown = recordOf(err)['stack'];
      const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
      const word = LEVELS[Number(level)] ?? 'log';
      const text = `${String(time).slice(11, 19)} ${word} ${String(msg)}${rest.join('')}\n`;
      stream.write(typeof stack === 'string' ? `${text}${stack}\n` : text);
    },
  };
}
