import { once } from 'node:events';
import { type Config, ConfigurationError, readConfig } from './config.ts';
import { isLoginRefused, isReadOnly, isUnavailable } from './db/database.ts';
import { DatabaseIsNewer, MayNotMigrate } from './db/migrate.ts';
import { UnfitDatabase } from './db/unfit-database.ts';
import { keepHeapSmall } from './heap.ts';
import { recordOf } from './http/record.ts';
import { AppError } from './kernel/error.ts';
import { type Logger, openLog } from './logging.ts';
import { BrokenKeyFile } from './sealing/index.ts';
import { CannotListen, type Running, serve } from './serve.ts';

/** Exit codes of sysexits.h: bad configuration, something that is needed is not there. */
const EX_CONFIG = 78;
const EX_UNAVAILABLE = 69;

/**
 * Runs the server until SIGTERM, SIGINT or SIGHUP: `npm start` and `guanjia serve`. Logs go to standard output
 * as JSON lines; on a terminal they are short, and a few lines say where to go next. Ends the process with 0
 * when it was told to stop, 69 when something that is needed is not there (any more), 78 for a bad
 * configuration, and 1 when it could not stop in order, or was told twice.
 */
export async function run(): Promise<void> {
  const config = configOrExplain();
  if (!config) return;
  keepHeapSmall();
  const forPeople = process.stdout.isTTY === true;
  const log = openLog({ level: config.logLevel, forPeople });
  const { signal, ask } = stopOnSignals((line) => log.info(line));
  if (config.startedByNpm) stopWithParent(ask);
  let failed = false;
  const onFailure = (error: unknown) => {
    failed = true;
    explain(error);
    ask('without a database there is nothing to serve');
  };
  try {
    const running = await serve(config, log, { signal, onFailure });
    if (forPeople && !signal.aborted) process.stdout.write(welcome(running));
    await aborted(signal);
    await running.stop();
  } catch (error) {
    if (signal.aborted && error === signal.reason) return end(log, failed);
    explain(error);
    if (signal.aborted) process.exit(1);
    return endSoon();
  }
  end(log, failed);
}

function end(log: Logger, failed: boolean): void {
  log.info('stopped');
  process.exit(failed ? EX_UNAVAILABLE : 0);
}

function configOrExplain(): Config | undefined {
  try {
    return readConfig();
  } catch (error) {
    explain(error);
    return undefined;
  }
}

/** Being asked to stop. */
interface Stopping {
  /** Aborted when somebody asked. */
  readonly signal: AbortSignal;
  /** Asks, and says why. Asking again changes nothing. */
  readonly ask: (why: string) => void;
}

/** A signal to a group of processes comes again from each of them that passes it on: that is one request. */
const ECHO_MS = 1_000;

/** The first signal stops in order, in the midst of a start too; a later one ends the process at once. */
function stopOnSignals(say: (line: string) => void): Stopping {
  const controller = new AbortController();
  const ask = (why: string) => {
    if (controller.signal.aborted) return;
    say(`${why}: finishing what is under way`);
    controller.abort();
  };
  let firstAt: number | undefined;
  const onSignal = (name: string) => {
    firstAt ??= performance.now();
    if (performance.now() - firstAt > ECHO_MS) process.exit(1);
    ask(name);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  // A terminal that is closed may say so more than once: that is no impatience.
  process.on('SIGHUP', ask);
  return { signal: controller.signal, ask };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** So long what is still open may keep a process that has failed. */
const END_LIMIT_MS = 5_000;

/** Ends with the exit code that was set, when all is written; should something be left open, a little later. */
function endSoon(): void {
  setTimeout(() => process.exit(), END_LIMIT_MS).unref();
}

/** How often we look whether npm's shell is still there, in milliseconds. */
const PARENT_CHECK_MS = 500;

/**
 * `npm start` that is told to stop ends its shell, and the shell ends without a word to us: we see it because
 * we have another parent then.
 */
function stopWithParent(stop: (why: string) => void): void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop('npm has ended');
  }, PARENT_CHECK_MS);
  watch.unref();
}

/** Says what is wrong and what to do about it, without a stack where that helps nobody. */
function explain(error: unknown): void {
  const isConfiguration = [ConfigurationError, UnfitDatabase, BrokenKeyFile].some(
    (kind) => error instanceof kind,
  );
  process.exitCode = isConfiguration ? EX_CONFIG : EX_UNAVAILABLE;
  process.stderr.write(`${textOf(error)}\n`);
}

/** Their message says all: what is wrong and what to set. */
const IN_WORDS = [
  ...[ConfigurationError, UnfitDatabase, BrokenKeyFile],
  ...[CannotListen, MayNotMigrate, DatabaseIsNewer],
];

function textOf(error: unknown): string {
  if (IN_WORDS.some((kind) => error instanceof kind)) return messageOf(error);
  if (error instanceof AppError) {
    const { title, remedy } = error.definition;
    const facts = Object.entries(recordOf(error.facts)).flatMap(([name, value]) =>
      Array.isArray(value)
        ? [`  ${name}:`, ...value.map((line) => `    ${String(line)}`)]
        : [`  ${name}: ${String(value)}`],
    );
    return [`${title.en} ${title.zh}`, ...facts, remedy.en, remedy.zh].join('\n');
  }
  if (isReadOnly(error)) {
    return `The database takes no writes now (${messageOf(error)}): let DATABASE_URL lead to the primary, or set default_transaction_read_only = off. 数据库当前只读：请让 DATABASE_URL 指向主库，或将 default_transaction_read_only 设为 off。`;
  }
  if (isUnavailable(error) || isLoginRefused(error)) {
    return `The database cannot be reached: ${messageOf(error)}. Look at DATABASE_URL. 数据库无法连接，请检查 DATABASE_URL。`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Errors of connections to several addresses at once have no message of their own. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const causes: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return error.message || causes.map(messageOf).join('; ') || error.name;
}

/** Where to go next, in two languages. */
export function welcome({ baseUrl, sandboxFile, sandbox, bankUrl }: Running): string {
  const [from, to] = (sandbox?.accounts ?? []).filter(({ kind }) => kind === 'trading');
  const lines = [
    '',
    `  Guanjia 管家  ${baseUrl}`,
    '',
    `  API reference 接口文档    ${baseUrl}/docs`,
    `  Errors 错误说明           ${baseUrl}/problems`,
  ];
  if (bankUrl !== undefined) lines.push(`  Sandbox bank 沙箱银行     ${bankUrl}`);
  if (sandboxFile && from && to) {
    lines.push(
      `  Sandbox 沙箱密钥与账号    ${sandboxFile}`,
      '',
      '  Try 试一试:',
      `    KEY=$(node -p 'require("${sandboxFile}").apiKey')`,
      `    curl ${baseUrl}/v1/platform -H "Authorization: Bearer $KEY"`,
      `    curl ${baseUrl}/v1/virtual-accounts -H "Authorization: Bearer $KEY"`,
      `    curl ${baseUrl}/v1/virtual-accounts/${from.number} -H "Authorization: Bearer $KEY"`,
    );
  }
  return `${[...lines, '', '  Ctrl-C stops it 停止', ''].join('\n')}\n`;
}
