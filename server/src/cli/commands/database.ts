import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { backup, prepareDataDir, restore } from '../../db/embedded/index.ts';
import { migrate } from '../../db/migrate.ts';
import { writeSandboxFile } from '../../sandbox-file.ts';
import { KEY_FILE } from '../../sealing/index.ts';
import { readSandbox, seedSandbox } from '../../seed.ts';
import { type Cli, type Context, plainAction, type Result } from '../action.ts';
import { CliError } from '../cli-error.ts';
import { fields, table } from '../output.ts';
import { sayWhenSlow, startProgress } from '../progress.ts';
import { openAppOn, openDatabaseOf } from '../session.ts';

/** `guanjia migrate`, `seed`, `backup`, `restore` */
export function addDatabaseCommands(program: Command, cli: Cli): void {
  program
    .command('migrate')
    .summary('bring the database up to date')
    .description('Apply the migrations that the database does not have yet. `serve` does it too.')
    .action(plainAction(cli, migrateNow));
  program
    .command('seed')
    .summary('set up the sandbox (沙箱): a platform to try things on')
    .description(
      'Bring the database up to date and set up the sandbox (沙箱): a platform with a main account, four members and their accounts, and a key in sandbox.json. Twice is as once.',
    )
    .action(plainAction(cli, seed));
  program
    .command('backup')
    .summary('back the embedded database up into one file')
    .description(
      'Back the embedded database up, whole, into one file; a server that runs goes on meanwhile. The file holds the database’s password and the key that seals what identifies people: keep it as you keep the data.',
    )
    .argument('<file>', 'where to; it must not exist')
    .addHelpText('after', '\nExample:\n  guanjia backup ./guanjia-2026-03-31.tar.gz')
    .action(plainAction(cli, backUp));
  program
    .command('restore')
    .summary('restore a backup into the data folder')
    .description(
      'Restore a backup into GUANJIA_DATA_DIR. The whole file is read and checked before anything is touched. Stop the server first.',
    )
    .argument('<file>', 'made by `guanjia backup`')
    .option('--force', 'a database that is there already is moved aside, never deleted')
    .addHelpText('after', '\nExample:\n  guanjia restore ./guanjia-2026-03-31.tar.gz --force')
    .action(plainAction(cli, restoreFrom));
}

async function migrateNow(context: Context): Promise<Result> {
  const database = await openDatabaseOf(context.config, { ...context, mayCreate: true });
  try {
    const applied = (await migrate(database.adminUrl)).map(({ name }) => name);
    const text =
      applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.join(', ')}.`;
    return { document: { applied }, text: `${text}\n` };
  } finally {
    await database.close();
  }
}

async function seed(context: Context): Promise<Result> {
  const { config } = context;
  const database = await openDatabaseOf(config, { ...context, mayCreate: true });
  try {
    await migrate(database.adminUrl);
    const app = await openAppOn(database, context);
    try {
      await seedSandbox(app);
      const sandbox = await readSandbox(app);
      const baseUrl = config.baseUrl ?? `http://${config.host}:${config.port}`;
      await prepareDataDir(config.dataDir);
      const file = await writeSandboxFile(app, { dataDir: config.dataDir, baseUrl });
      if (!sandbox || !file) {
        throw new CliError(
          'no_sandbox',
          'the first platform here is not a sandbox: nothing was changed',
        );
      }
      const columns = [
        { title: 'number', show: ({ number }: { number: string }) => number },
        { title: 'kind', show: ({ kind }: { kind: string }) => kind },
        { title: 'name', show: ({ name }: { name: string }) => name },
      ];
      const head = fields({
        platform: sandbox.platformId,
        'main account': sandbox.mainAccount.number,
        'key in': file,
      });
      return {
        document: { ...sandbox, file },
        text: `${head}\n${table(sandbox.accounts, columns, { empty: '' })}`,
      };
    } finally {
      await app.close();
    }
  } finally {
    await database.close();
  }
}

/** Files of the data folder that belong with the database. */
const BACKED_UP = ['sandbox.json', KEY_FILE];

async function backUp(context: Context, file: string): Promise<Result> {
  requireEmbedded(context, 'backup');
  const { config, terminal } = context;
  const { embedded, close } = await openDatabaseOf(config, context);
  if (!embedded) throw new Error('without DATABASE_URL the database is the embedded one');
  const progress = startProgress(terminal, { label: 'Backing up', unit: 'bytes' });
  try {
    const summary = await backup(
      {
        database: embedded,
        files: BACKED_UP.filter((name) => existsSync(join(config.dataDir, name))),
        onProgress: ({ copiedBytes, totalBytes }) => progress.update(copiedBytes, totalBytes),
      },
      file,
    );
    const { sizeBytes, files } = summary;
    return { document: summary, text: `${file}: ${files} files, ${sizeBytes} bytes.\n` };
  } finally {
    progress.stop();
    await close();
  }
}

async function restoreFrom(
  context: Context,
  file: string,
  { force = false }: { force?: boolean },
): Promise<Result> {
  requireEmbedded(context, 'restore');
  const { dataDir } = context.config;
  const restored = await sayWhenSlow(context.terminal, 'Reading and checking the backup …', () =>
    restore(file, dataDir, { force }),
  );
  const aside = restored.movedAside;
  const text = fields({
    restored: join(dataDir, 'postgres'),
    'as it was at': restored.at,
    'moved aside': aside,
  });
  return { document: { ...restored, movedAside: aside ?? null }, text };
}

/** A PostgreSQL of one's own is backed up with its own tools. */
function requireEmbedded({ config }: Context, command: string): void {
  if (config.databaseUrl === undefined) return;
  throw new CliError(
    'not_embedded',
    `${command} is for the embedded database, and DATABASE_URL names another: use pg_basebackup, pg_dump or your provider’s backups there`,
  );
}
