import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { leftoverProcesses } from '../../src/db/embedded/postmaster.ts';
import { startEmbedded } from '../../src/db/embedded/start.ts';
import { migrate } from '../../src/db/migrate.ts';

/** A database of one's own, migrated and empty. */
export interface TestDatabase {
  /** As the role that the server works as. */
  readonly url: string;
  /** As the superuser. */
  readonly adminUrl: string;
  readonly name: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** How to reach the cluster of a run from any worker. */
export interface TestCluster {
  /** As the superuser, to the maintenance database. */
  readonly adminUrl: string;
  /** As the server's role, to any database: its name is put in. */
  readonly serverUrl: string;
  /** The migrated database that others are copied from. */
  readonly template: string;
}

/** A PostgreSQL for scripts that are no tests: throw-away, on an own port, gone when disposed. */
export interface TemporaryCluster extends TestCluster {
  freshDatabase(): Promise<TestDatabase>;
  [Symbol.asyncDispose](): Promise<void>;
}

const PREFIX = 'guanjia-test-';

/**
 * Starts an embedded PostgreSQL in a temporary folder, with a migrated template. Not durable unless asked:
 * the bench measures a durable one.
 */
export async function temporaryCluster(
  options: { durable?: boolean; settings?: Record<string, string> } = {},
): Promise<TemporaryCluster> {
  const { durable = false } = options;
  await removeAbandoned();
  const dataDir = await temporaryFolder();
  const remove = () => rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  const buffers: Record<string, string> = durable ? {} : { shared_buffers: '128MB' };
  const settings = { max_connections: '200', ...buffers, ...options.settings };
  try {
    const database = await startEmbedded({ dataDir, durable, settings });
    const dispose = async () => {
      await database.stop();
      await remove();
    };
    const adminUrl = withDatabase(database.adminUrl, 'postgres');
    const cluster = await withTemplate({ adminUrl, serverUrl: database.url }).catch(
      async (error: unknown) => {
        await dispose();
        throw error;
      },
    );
    return {
      ...cluster,
      freshDatabase: () => copyTemplate(cluster),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The same on a PostgreSQL that runs already; the databases made there are dropped when disposed. */
export async function givenCluster(adminUrl: string): Promise<TemporaryCluster> {
  const serverUrl = new URL(adminUrl);
  serverUrl.searchParams.set('options', '-c role=guanjia_app');
  const cluster = await withTemplate({ adminUrl, serverUrl: serverUrl.href });
  return {
    ...cluster,
    freshDatabase: () => copyTemplate(cluster),
    [Symbol.asyncDispose]: () => drop(cluster, cluster.template),
  };
}

/** Makes a database out of the template: some tens of milliseconds. Safe from many workers at once. */
export async function copyTemplate(cluster: TestCluster): Promise<TestDatabase> {
  const name = `guanjia_test_${randomBytes(8).toString('hex')}`;
  await administer(cluster, `create database ${name} template ${cluster.template}`);
  return {
    name,
    url: withDatabase(cluster.serverUrl, name),
    adminUrl: withDatabase(cluster.adminUrl, name),
    [Symbol.asyncDispose]: () => drop(cluster, name),
  };
}

/** A new empty folder below the system's temporary one, that PostgreSQL's user may pass through. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  await chmod(folder, 0o711);
  return folder;
}

async function withTemplate(urls: { adminUrl: string; serverUrl: string }): Promise<TestCluster> {
  const cluster = { ...urls, template: `guanjia_template_${randomBytes(8).toString('hex')}` };
  await administer(cluster, `create database ${cluster.template}`);
  try {
    await migrate(withDatabase(cluster.adminUrl, cluster.template));
  } catch (error) {
    await drop(cluster, cluster.template);
    throw error;
  }
  return cluster;
}

/** Idempotent, and not held up by connections that somebody forgot. */
async function drop(cluster: TestCluster, name: string): Promise<void> {
  await administer(cluster, `drop database if exists ${name} with (force)`);
}

async function administer(cluster: TestCluster, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: cluster.adminUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

/** Ends and removes what earlier runs left behind that were killed: their pid is in the folder's name. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1] ?? 0);
    if (pid === 0 || isAlive(pid)) continue;
    const folder = join(tmpdir(), name);
    const cluster = join(folder, 'postgres');
    if (existsSync(cluster)) for (const left of leftoverProcesses(cluster)) end(left);
    // Another user's folder cannot be removed, nor must it be.
    await rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
