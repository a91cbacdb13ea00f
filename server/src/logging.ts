import pino, { type DestinationStream, type Logger } from 'pino';
import type { LogLevel } from './config.ts';
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

/** Of a database error: the row that it is about, with whatever names and texts it has. */
const ROW_FIELDS = new Set(['detail', 'where']);

/** An error as it is logged, and those inside it, without what PostgreSQL tells of rows. */
function describeError(error: unknown): unknown {
  return error instanceof Error ? withoutRows(pino.stdSerializers.err(error)) : error;
}

function withoutRows(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutRows);
  if (!isSerialized(value)) return value;
  const kept = Object.entries(value).filter(([field]) => !ROW_FIELDS.has(field));
  return Object.fromEntries(kept.map(([field, each]) => [field, withoutRows(each)]));
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
