import { join } from 'node:path';
import { sql } from 'kysely';
import { type App, buildHttp, openApp } from './app.ts';
import type { Config } from './config.ts';
import { prepareDataDir, startEmbedded } from './db/embedded/index.ts';
import { migrate } from './db/migrate.ts';
import { LIMITS } from './http/limits.ts';
import type { Server } from './http/server.ts';
import { errorCode } from './kernel/error-code.ts';
import { inTime } from './kernel/in-time.ts';
import { systemRandom } from './kernel/random.ts';
import type { Logger } from './logging.ts';
import { type SandboxBank, startSandboxBank } from './sandbox-bank.ts';
import { writeSandboxFile } from './sandbox-file.ts';
import { KEY_FILE, type KeyRing, keysInFolder } from './sealing/index.ts';
import {
  connectSandboxBank,
  readSandbox,
  readSandboxBankAccount,
  type SandboxAccounts,
  seedSandbox,
} from './seed.ts';

/** A server that answers. */
export interface Running {
  readonly baseUrl: string;
  /** Where the sandbox's key and accounts are; undefined without a sandbox. */
  readonly sandboxFile: string | undefined;
  readonly sandbox: SandboxAccounts | undefined;
  /** Where the sandbox bank listens, with its operator's page; undefined when none runs. */
  readonly bankUrl: string | undefined;
  /**
   * Stops without losing anything that was answered: takes no new connections, answers what is under way,
   * waits for the ledger, and stops the database last. May be called again.
   */
  stop(): Promise<void>;
}

/** The port or the address is not to be had. The message names the variable that chooses another one. */
export class CannotListen extends Error {
  override readonly name = 'CannotListen';
}

interface StartedDatabase {
  readonly url: string;
  readonly adminUrl: string;
  stop(): Promise<void>;
}

/** What may happen while a server starts and runs. */
export interface Happenings {
  /** Aborts the start: what was started is stopped again, and the signal's reason is thrown. */
  readonly signal?: AbortSignal;
  /** Told once when the embedded database is down for good: nothing can be served any more. */
  readonly onFailure?: (error: unknown) => void;
}

/** So long work under way is waited for; then the database is stopped under it. */
const WORK_LIMIT_MS = 30_000;

/** Starts everything: database, migrations, sandbox, HTTP, background work. Throws CannotListen and others. */
export async function serve(
  config: Config,
  log: Logger,
  happenings: Happenings = {},
): Promise<Running> {
  const { signal } = happenings;
  // What was started is stopped in the opposite order, when a later step fails too.
  const started: (() => Promise<void>)[] = [];
  const stopAll = async () => {
    const failures: unknown[] = [];
    for (const stop of started.splice(0).reverse()) {
      await stop().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be stopped');
  };
  try {
    await prepareDataDir(config.dataDir);
    const sealKeys = await sealKeysOf(config, log);
    const database = await startDatabase(config, log, happenings);
    started.push(() => database.stop());
    for (const { name } of await migrate(database.adminUrl))
      log.info({ migration: name }, 'migrated');
    signal?.throwIfAborted();
    const { databaseConnections: connections, batchConnections } = config;
    const { url } = database;
    const { webhooksToPrivate } = config;
    const pools = { connections, batchConnections };
    const app = await openApp({ url, log, ...pools, sealKeys, webhooksToPrivate });
    started.push(() => closeInTime(app));
    await warnOfLoss(app);
    await seedSandbox(app);
    const http = await buildHttp(app);
    started.push(() => stopHttp(app, http));
    const baseUrl = await listen(http, config);
    const bank = await openBankOf(app, config, portOf(http));
    // First in the list, so stopped last: work under way may still ask it.
    if (bank) started.unshift(() => bank.stop());
    const bankUrl = bank?.url;
    const sandboxFile = await tellSandbox(app, { dataDir: config.dataDir, baseUrl, bankUrl });
    const sandbox = await readSandbox(app);
    signal?.throwIfAborted();
    app.startBackground();
    log.info({ baseUrl, docs: `${baseUrl}/docs`, sandboxFile, bankUrl }, 'listening');
    let stopping: Promise<void> | undefined;
    const stop = () => {
      stopping ??= stopAll();
      return stopping;
    };
    return { baseUrl, sandboxFile, sandbox, bankUrl, stop };
  } catch (error) {
    await stopAll().catch((cause: unknown) => log.error({ err: cause }, 'stopping failed too'));
    throw error;
  }
}

/** Without these a power cut takes what was answered, or more (PostgreSQL, "Write Ahead Log"). Said, not refused. */
async function warnOfLoss({ db, log }: App): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select name from pg_settings
     where name in ('fsync', 'full_page_writes') and setting = 'off' order by name`.execute(db);
  if (rows.length === 0) return;
  const off = rows.map(({ name }) => name).join(', ');
  log.warn({ off }, 'a crash of the database machine may lose what was answered: set these to on');
}

/** A sandbox has a bank beside it, unless that is off or cannot run. */
async function openBankOf(
  app: App,
  { dataDir, sandboxBankPort: port }: Config,
  ownPort: number | undefined,
): Promise<SandboxBank | undefined> {
  if (port === 'off') return undefined;
  const account = await readSandboxBankAccount(app);
  const bank = account && (await startSandboxBank({ dataDir, port }, account, app.log));
  const told = bank && (await connectSandboxBank(app, bank.url));
  if (told && ownPort !== undefined) {
    const { path, secret } = told;
    await bank.tell({ url: `http://127.0.0.1:${ownPort}${path}`, secret });
  }
  return bank;
}

/** The port that the server listens on. */
function portOf({ server }: Server): number | undefined {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : undefined;
}

/** A file that helps to try things is no reason not to serve. */
async function tellSandbox(
  app: App,
  place: Parameters<typeof writeSandboxFile>[1],
): Promise<string | undefined> {
  try {
    return await writeSandboxFile(app, place);
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error && 'path' in error)) throw error;
    app.log.warn({ err: error }, 'sandbox.json cannot be written: the server runs without it');
    return undefined;
  }
}

async function startDatabase(
  config: Config,
  log: Logger,
  { signal, onFailure }: Happenings,
): Promise<StartedDatabase> {
  const { databaseUrl: url, databaseAdminUrl, dataDir } = config;
  if (url !== undefined) return { url, adminUrl: databaseAdminUrl ?? url, stop: async () => {} };
  return startEmbedded({
    ...{ dataDir, signal },
    log: { info: (line) => log.info(line), error: (line) => log.error(line) },
    onFailure: (error) => {
      log.fatal({ err: error }, 'the embedded database is down');
      onFailure?.(error);
    },
  });
}

/** The keys of the environment, else those of the data folder. A database of one's own may have other servers. */
async function sealKeysOf(config: Config, log: Logger): Promise<KeyRing> {
  if (config.sealKeys) return config.sealKeys;
  const keys = await keysInFolder(config.dataDir, systemRandom);
  if (config.databaseUrl !== undefined)
    log.warn(
      { file: join(config.dataDir, KEY_FILE) },
      'what identifies people is sealed with the key of this folder: keep it with the backups, and set GUANJIA_SEAL_KEYS alike on all servers',
    );
  return keys;
}

/** Waits for the work under way, but not for ever: a database that is halted answers nothing. */
async function closeInTime(app: App): Promise<void> {
  await inTime(app.close(), WORK_LIMIT_MS, () =>
    app.log.warn({ afterMs: WORK_LIMIT_MS }, 'work under way does not end: it is cut off'),
  );
}

async function listen(http: Server, { host, port, baseUrl }: Config): Promise<string> {
  try {
    const address = await http.listen({ host, port });
    return baseUrl ?? address;
  } catch (error) {
    const why = WHY_NOT_LISTENING[errorCode(error) ?? '']?.({ host, port });
    if (why === undefined) throw error;
    throw new CannotListen(why, { cause: error });
  }
}

const noSuchHost = ({ host }: { host: string }) =>
  `GUANJIA_HOST=${host} is no address of this machine: set it to one, such as 127.0.0.1 or 0.0.0.0.\n` +
  `GUANJIA_HOST=${host} 不是本机地址：请改为本机地址，如 127.0.0.1 或 0.0.0.0。`;

/** What the system says when it does not let us listen, and what to do about it. */
const WHY_NOT_LISTENING: Readonly<Record<string, (at: { host: string; port: number }) => string>> =
  {
    EADDRINUSE: ({ host, port }) =>
      `Port ${port} on ${host} is in use by another program: stop that, or set GUANJIA_PORT to another port.\n` +
      `${host} 的端口 ${port} 已被占用：请停止占用程序，或用 GUANJIA_PORT 指定其他端口。`,
    EACCES: ({ host, port }) =>
      `Port ${port} on ${host} may not be used by this user: set GUANJIA_PORT to 1024 or above.\n` +
      `当前用户无权使用 ${host} 的端口 ${port}：请将 GUANJIA_PORT 设为 1024 或以上。`,
    EADDRNOTAVAIL: noSuchHost,
    ENOTFOUND: noSuchHost,
    EAI_AGAIN: noSuchHost,
  };

/** Answers what is under way; whoever is not done by then is cut off. */
async function stopHttp(app: App, http: Server): Promise<void> {
  app.beginStopping();
  const cutOff = setTimeout(() => {
    app.log.warn({ afterMs: LIMITS.shutdownMs }, 'cutting off requests that do not end');
    http.server.closeAllConnections();
  }, LIMITS.shutdownMs);
  try {
    await http.close();
  } finally {
    clearTimeout(cutOff);
  }
}
