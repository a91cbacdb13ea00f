import { CommanderError } from 'commander';
import { ConfigurationError } from '../config.ts';
import { isLoginRefused, isReadOnly, isUnavailable } from '../db/database.ts';
import { UnfitDatabase } from '../db/unfit-database.ts';
import { AppError, type Facts } from '../kernel/error.ts';
import { errorCode } from '../kernel/error-code.ts';
import { CliError } from './cli-error.ts';
import { moneyWithCurrency } from './output.ts';

/** What a failure is to the one who called: lines for people, a document for programs, and the exit code. */
export interface Explained {
  readonly text: string;
  readonly document: { readonly error: Readonly<Record<string, unknown>> };
  readonly exitCode: number;
}

/** Ended well; did not; was typed wrong. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

/** Lines that belong below the one that says what is wrong: too long for it. */
const BELOW = ['lastLines', 'logFile'];

/** Facts that are sentences already. */
const SENTENCES = ['reason', 'errors'];

/** What a command knows of an error beyond its facts. */
interface Circumstances {
  /** Of the amounts in the facts. */
  readonly currency?: string;
  /** With which the command may be repeated. */
  readonly idempotencyKey?: string | undefined;
}

const circumstances = new WeakMap<Error, Circumstances>();

/** Does the work; should it fail, amounts are told in the currency, and the key with them. */
export async function under<T>(known: Circumstances, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error) circumstances.set(error, known);
    throw error;
  }
}

/** Says a failure in one line with its code, what it was about, and what is allowed or to be done. */
export function explain(error: unknown, { debug = false } = {}): Explained {
  const explained = explainKnown(error);
  if (!debug || !(error instanceof Error) || !error.stack) return explained;
  return { ...explained, text: `${explained.text}${error.stack}\n` };
}

function explainKnown(error: unknown): Explained {
  if (isAppError(error)) return explainAppError(error);
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    return said('usage', `${message} (guanjia --help says how)`, EXIT.usage);
  }
  if (error instanceof CliError) {
    return said(error.code, error.message, error.usage ? EXIT.usage : EXIT.failed);
  }
  const message = error instanceof Error ? messageOf(error) : String(error);
  if (error instanceof ConfigurationError || error instanceof UnfitDatabase)
    return said('configuration_invalid', message, EXIT.failed);
  const [code, what] = databaseTrouble(error) ?? ['failed', undefined];
  return said(code, what === undefined ? message : what(message), EXIT.failed);
}

const UNKNOWN_DATABASE = '3D000';
const WHERE = 'Look at DATABASE_URL and GUANJIA_DATABASE_ADMIN_URL.';

/** What keeps a command from its database: a code, and a sentence around what PostgreSQL says. */
function databaseTrouble(error: unknown): [string, (message: string) => string] | undefined {
  if (isLoginRefused(error))
    return [
      'database_login_refused',
      (message) => `the database does not let us in: ${message}. ${WHERE}`,
    ];
  if (errorCode(error) === UNKNOWN_DATABASE)
    return [
      'database_not_found',
      (message) => `the server has no such database: ${message}. ${WHERE}`,
    ];
  if (isReadOnly(error))
    return ['database_read_only', (message) => `the database takes no writes now: ${message}`];
  if (isUnavailable(error))
    return ['database_unavailable', (message) => `the database cannot be reached: ${message}`];
  return undefined;
}

function said(code: string, message: string, exitCode: number): Explained {
  const text = `guanjia: ${code}: ${message}\n`;
  return { text, document: { error: { code, message } }, exitCode };
}

/** Errors of connections to several addresses at once have no message of their own. */
function messageOf(error: Error): string {
  const causes: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  const messages = causes.map((each) => (each instanceof Error ? each.message : String(each)));
  return error.message || messages.join('; ') || error.name;
}

// Narrows to facts that are unknown, where `instanceof` would say any.
function isAppError(error: unknown): error is AppError {
  return error instanceof AppError;
}

function explainAppError(error: AppError): Explained {
  const { code, title, remedy } = error.definition;
  const known = circumstances.get(error);
  const { idempotencyKey } = known ?? {};
  const isBeside = ([name, value]: [name: string, value: unknown]) =>
    !BELOW.includes(name) &&
    // A command has no body, so fields of one (`/amount`) are named only where the remedy needs them.
    (name !== 'field' || !/^(?:\/|$)/.test(String(value)) || remedy.en.includes('`field`'));
  const beside = Object.entries<unknown>(error.facts).filter(isBeside);
  const words = factsInWords(Object.fromEntries(beside), known?.currency);
  const about = words === '' ? '' : ` (${words})`;
  const below = BELOW.flatMap((name) => linesOf(error.facts[name]));
  const lines = [
    `guanjia: ${code}: ${title.en}${about}. ${remedyInWords(remedy.en, error.facts, known?.currency)}`,
    ...below.map((line) => `  ${line}`),
  ];
  return {
    text: `${lines.join('\n')}\n`,
    document: {
      error: {
        code,
        title: title.en,
        titles: title,
        remedy: remedy.en,
        idempotencyKey,
        ...error.facts,
      },
    },
    exitCode: EXIT.failed,
  };
}

/** A remedy names amounts as programs get them, "`shortfall` (in minor units)"; a person is told the amount. */
function remedyInWords(remedy: string, facts: Facts, currency: string | undefined): string {
  return remedy.replace(/`(\w+)` \(in minor units\)/g, (asWritten, name: string) => {
    const value = facts[name];
    return typeof value === 'bigint' ? valueInWords(value, currency) : asWritten;
  });
}

/** Facts as a person says them: "account 8888…, shortfall 12.30 CNY". */
function factsInWords(facts: Facts, currency: string | undefined): string {
  return Object.entries(facts)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(
      ([name, value]) =>
        `${isSentence(name, value) ? '' : inWords(name)}${valueInWords(value, currency)}`,
    )
    .join(', ');
}

function valueInWords(value: unknown, currency: string | undefined): string {
  if (typeof value === 'bigint') {
    return currency === undefined ? `${value} minor units` : moneyWithCurrency(value, currency);
  }
  if (Array.isArray(value)) {
    return value.map((each: unknown) => valueInWords(each, currency)).join('; ');
  }
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object' && value !== null) {
    return Object.values(value)
      .map((each: unknown) => valueInWords(each, currency))
      .join(' ');
  }
  return value === '' ? 'nothing' : String(value).replace(/\.$/, '');
}

/** What speaks for itself is not named. A reason may be a word for programs: that does not. */
function isSentence(name: string, value: unknown): boolean {
  return SENTENCES.includes(name) && !(typeof value === 'string' && /^[a-z_]+$/.test(value));
}

/** bookingDate: "booking date ". */
function inWords(name: string): string {
  return `${name} `.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function linesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'string' ? [value] : [];
}
