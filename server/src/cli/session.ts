import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type App, openApp } from '../app.ts';
import type { Origin } from '../audit/index.ts';
import type { Config } from '../config.ts';
import { type EmbeddedDatabase, startEmbedded } from '../db/embedded/index.ts';
import { openLog } from '../logging.ts';
import { listPlatforms, type Platform, platformTextId } from '../platforms/index.ts';
import { readKeyFile } from '../sealing/index.ts';
import { CliError, usageError } from './cli-error.ts';
import type { Terminal } from './output.ts';

/** The database that a command works on, until it is closed. */
export interface OpenDatabase {
  readonly url: string;
  /** As the owner of the tables. */
  readonly adminUrl: string;
  /** The embedded one; undefined for a PostgreSQL of one's own. */
  readonly embedded: EmbeddedDatabase | undefined;
  close(): Promise<void>;
}

/**
 * The database that the environment names: DATABASE_URL, else the embedded one, which is shared with whoever
 * runs it already, or started until the command ends. Throws CliError `no_database` when there is none yet,
 * unless it may be made, and what the signal says when it is aborted meanwhile.
 */
export async function openDatabaseOf(
  config: Config,
  options: { terminal: Terminal; signal: AbortSignal; mayCreate?: boolean },
): Promise<OpenDatabase> {
  const { databaseUrl: url, databaseAdminUrl, dataDir } = config;
  const { terminal, signal, mayCreate = false } = options;
  if (url !== undefined) {
    return { url, adminUrl: databaseAdminUrl ?? url, embedded: undefined, close: async () => {} };
  }
  if (!mayCreate && !existsSync(join(dataDir, 'postgres'))) throw noDatabase(dataDir);
  const embedded = await startEmbedded({
    ...{ dataDir, signal },
    log: { info: () => undefined, error: (line) => terminal.note(`${line}\n`) },
  });
  return {
    url: embedded.url,
    adminUrl: embedded.adminUrl,
    embedded,
    close: () => embedded.stop(),
  };
}

function noDatabase(dataDir: string): CliError {
  return new CliError(
    'no_database',
    `there is no database in ${dataDir} yet. Run \`npm start\` or \`guanjia seed\` first, or name one with DATABASE_URL or GUANJIA_DATA_DIR.`,
  );
}

/** Opens the app on a database, as the server does, without its background work. Logs go to standard error. */
export async function openAppOn(
  database: OpenDatabase,
  { config, terminal }: { config: Config; terminal: Terminal },
): Promise<App> {
  // What the server says in passing would only be in the way here.
  const level = config.logLevel === 'info' ? 'warn' : config.logLevel;
  const log = openLog({ level, forPeople: true, stream: { write: terminal.note } });
  // Whoever sits before it may wait for as long as `verify` takes, or end it.
  const patience = { answerTimeoutMs: 0 };
  const sealKeys = config.sealKeys ?? (await readKeyFile(config.dataDir));
  const { url } = database;
  return openApp({
    url,
    log,
    connections: 4,
    batchConnections: 2,
    sealKeys,
    ...patience,
    origin: cliOrigin(),
  });
}

/** Whoever is logged in; some containers have no name for their user. */
function cliOrigin(): Origin {
  const from = { kind: 'cli', address: null, requestId: null } as const;
  try {
    return { ...from, name: userInfo().username };
  } catch {
    return { ...from, name: 'unknown' };
  }
}

/** Throws CliError `not_migrated` when the tables are not there. */
export async function requireMigrated(app: App): Promise<void> {
  if (await app.isMigrated()) return;
  throw new CliError(
    'not_migrated',
    'the database does not have the tables of this version. Run `guanjia migrate`.',
  );
}

/**
 * The platform that `--platform` names, or the only one. Throws CliError `platform_not_found`, `no_platform`,
 * or `platform_required`, which lists them.
 */
export async function pickPlatform(app: App, wanted: string | undefined): Promise<Platform> {
  const platforms = await listPlatforms(app.db);
  if (wanted !== undefined) return named(platforms, wanted);
  const [only, ...others] = platforms;
  if (!only) throw noPlatform();
  if (others.length === 0) return only;
  throw usageError(
    'platform_required',
    `there are several platforms: name one with --platform. ${describe(platforms)}`,
  );
}

/**
 * The platform that `--platform` names alone, or all there are. Throws CliError `platform_not_found`, and
 * `no_platform` rather than finding nothing wrong with nothing.
 */
export async function pickPlatforms(
  app: App,
  wanted: string | undefined,
): Promise<readonly Platform[]> {
  const platforms = await listPlatforms(app.db);
  if (wanted !== undefined) return [named(platforms, wanted)];
  if (platforms.length === 0) throw noPlatform();
  return platforms;
}

function noPlatform(): CliError {
  const hint = 'Open one with `guanjia platform open NAME`, or try the sandbox: `guanjia seed`.';
  return new CliError('no_platform', `there is no platform yet. ${hint}`);
}

function named(platforms: readonly Platform[], wanted: string): Platform {
  const found = platforms.find(({ platformId }) => platformTextId(platformId) === wanted);
  if (found) return found;
  const there = platforms.length > 0 ? `There are: ${describe(platforms)}` : 'There is none yet.';
  throw new CliError('platform_not_found', `there is no platform ${wanted}. ${there}`);
}

function describe(platforms: readonly Platform[]): string {
  return platforms
    .map(({ platformId, name }) => `${platformTextId(platformId)} ${name}`)
    .join(', ');
}
