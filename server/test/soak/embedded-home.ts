import { readFileSync, realpathSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbedded } from '../../src/db/embedded/index.ts';
import { leftoverProcesses } from '../../src/db/embedded/postmaster.ts';
import { migrate } from '../../src/db/migrate.ts';
import { temporaryFolder } from '../support/postgres.ts';
import { fund, openOwnLedger, openWorld, type World } from './world.ts';

/** A data folder with an embedded PostgreSQL in it, as a server has it: here only to be looked at and killed. */
export interface EmbeddedHome {
  readonly dataDir: string;
  readonly world: World;
  /** As the superuser, at the port that it has now. */
  adminUrl(): string;
  /** Ends PostgreSQL at once, the server and all its backends, as a power cut would. Says how many. */
  killPostgres(): number;
  remove(): Promise<void>;
}

/** Makes a data folder with a platform whose accounts have money, and stops its PostgreSQL again. */
export async function openHome(options: {
  accounts: number;
  funds: number;
}): Promise<EmbeddedHome> {
  const folder = await temporaryFolder();
  const dataDir = join(folder, 'data');
  await mkdir(dataDir, { mode: 0o711 });
  const database = await startEmbedded({ dataDir });
  try {
    await migrate(database.adminUrl);
    const world = await openWorld(database.url, options);
    const { ledger, close } = await openOwnLedger(database.url);
    await fund(ledger, world, options.funds);
    await close();
    const cluster = realpathSync(database.folder);
    const password = encodeURIComponent((await readFile(database.passwordFile, 'utf8')).trim());
    return {
      ...{ dataDir, world },
      adminUrl: () => `postgresql://postgres:${password}@127.0.0.1:${portOf(dataDir)}/guanjia`,
      killPostgres: () => killAll(cluster),
      remove: async () => {
        killAll(cluster);
        await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      },
    };
  } finally {
    await database.stop();
  }
}

function portOf(dataDir: string): string {
  const state = readFileSync(join(dataDir, 'postgres.json'), 'utf8');
  return /"port":(\d+)/.exec(state)?.[1] ?? '';
}

function killAll(cluster: string): number {
  const pids = leftoverProcesses(cluster);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It went with its postmaster.
    }
  }
  return pids.length;
}
