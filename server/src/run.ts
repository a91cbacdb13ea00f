import { type Config, ConfigurationError, readConfig } from './config.ts';
import { isUnavailable } from './db/database.ts';
import { MayNotMigrate } from './db/migrate.ts';
import { keepHeapSmall } from './heap.ts';
import { recordOf } from './http/record.ts';
import { AppError } from './kernel/error.ts';
import { openLog } from './logging.ts';
import { CannotListen, type Running, serve } from './serve.ts';

/** Exit codes of sysexits.h: bad configuration, something that is needed is not there. */
const EX_CONFIG = 78;
const EX_UNAVAILABLE = 69;

/**
 * Runs the server until SIGTERM or SIGINT: `npm start` and `guanjia serve`. Logs go to standard output as JSON
 * lines; on a terminal they are short, and a few lines say where to go next.
 */
export async function run(): Promise<void> {
  const config = configOrExplain();
  if (!config) return;
  keepHeapSmall();
  const forPeople = process.stdout.isTTY === true;
  const log = openLog({ level: config.logLevel, forPeople });
  try {
    const running = await serve(config, log);
    const stop = stopOnSignals(running, (line) => log.info(line));
    if (config.startedByNpm) stopWithParent(stop);
    if (forPeople) process.stdout.write(welcome(running));
  } catch (error) {
    explain(error);
  }
}

function configOrExplain(): Config | undefined {
  try {
    return readConfig();
  } catch (error) {
    explain(error);
    return undefined;
  }
}

/** The first signal stops in order; a second one ends the process at once. */
function stopOnSignals(running: Running, say: (line: string) => void): (why: string) => void {
  let asked = false;
  const onSignal = (signal: string) => {
    if (asked) process.exit(1);
    asked = true;
    say(`${signal}: finishing what is under way`);
    running.stop().then(
      () => {
        say('stopped');
        process.exit(0);
      },
      (error: unknown) => {
        explain(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return onSignal;
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
  process.exitCode = error instanceof ConfigurationError ? EX_CONFIG : EX_UNAVAILABLE;
  process.stderr.write(`${textOf(error)}\n`);
}

/** Their message says all: what is wrong and what to set. */
const IN_WORDS = [ConfigurationError, CannotListen, MayNotMigrate];

function textOf(error: unknown): string {
  if (IN_WORDS.some((kind) => error instanceof kind)) return messageOf(error);
  if (error instanceof AppError) {
    const { title, remedy } = error.definition;
    const facts = Object.entries(recordOf(error.facts)).map(
      ([name, value]) => `  ${name}: ${String(value)}`,
    );
    return [`${title.en} ${title.zh}`, ...facts, remedy.en, remedy.zh].join('\n');
  }
  if (isUnavailable(error)) {
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
export function welcome({ baseUrl, sandboxFile, sandbox }: Running): string {
  const [from, to] = (sandbox?.accounts ?? []).filter(({ kind }) => kind === 'trading');
  const lines = [
    '',
    `  Guanjia 管家  ${baseUrl}`,
    '',
    `  API reference 接口文档    ${baseUrl}/docs`,
    `  Errors 错误说明           ${baseUrl}/problems`,
  ];
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
