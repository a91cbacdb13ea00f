import { Command } from 'commander';
import type { App } from '../app.ts';
import { turnBusinessDate } from '../background.ts';
import { type Config, readConfig } from '../config.ts';
import type { Platform } from '../platforms/index.ts';
import { jsonDocument, type Terminal } from './output.ts';
import {
  type OpenDatabase,
  openAppOn,
  openDatabaseOf,
  pickPlatform,
  requireMigrated,
} from './session.ts';

/** What every command may be given, wherever on the line. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly platform?: string;
}

/** What a command answers: a document for programs, the same as text for people. */
export interface Result {
  readonly document: unknown;
  readonly text: string;
  /** 0 unless the answer itself is bad news. */
  readonly exitCode?: number;
}

/** What commands run in. */
export interface Cli {
  readonly terminal: Terminal;
  /** Told the exit code of a command that was done. */
  readonly onDone: (exitCode: number) => void;
}

/** What a command that needs no database works with. */
export interface Context {
  readonly config: Config;
  readonly terminal: Terminal;
  readonly global: GlobalOptions;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** What a command on the database works with. */
export interface DatabaseContext extends Context {
  readonly database: OpenDatabase;
  readonly app: App;
}

/** What a command on one platform works with. */
export interface PlatformContext extends DatabaseContext {
  readonly platform: Platform;
  readonly platformId: bigint;
}

/** A command's work, with its arguments and then its options, as commander gives them. */
type Work<C, Args extends unknown[]> = (context: C, ...args: Args) => Promise<Result>;

/** An action without a database. */
export function plainAction<Args extends unknown[]>(cli: Cli, work: Work<Context, Args>) {
  return async (...received: unknown[]): Promise<void> => {
    const command = received.at(-1);
    if (!(command instanceof Command)) throw new Error('commander passes the command last');
    const global = command.optsWithGlobals<GlobalOptions>();
    // The arguments and options as the command declares them, next to its work.
    const args = received.slice(0, -1) as Args;
    const { signal, end } = interruptible(cli.terminal);
    try {
      const context = { config: readConfig(), terminal: cli.terminal, global, signal };
      const result = await work(context, ...args);
      cli.terminal.write(global.json ? jsonDocument(result.document) : result.text);
      cli.onDone(result.exitCode ?? 0);
    } finally {
      end();
    }
  };
}

/** An action on the database, which is given back when it ends. */
export function databaseAction<Args extends unknown[]>(
  cli: Cli,
  work: Work<DatabaseContext, Args>,
) {
  return plainAction<Args>(cli, async (context, ...args) => {
    const database = await openDatabaseOf(context.config, context);
    try {
      const app = await openAppOn(database, context);
      try {
        await requireMigrated(app);
        return await work({ ...context, database, app }, ...args);
      } finally {
        await app.close();
      }
    } finally {
      await database.close();
    }
  });
}

/** An action on one platform: the one that `--platform` names, or the only one. */
export function platformAction<Args extends unknown[]>(
  cli: Cli,
  work: Work<PlatformContext, Args>,
) {
  return databaseAction<Args>(cli, async (context, ...args) => {
    const platform = await pickPlatform(context.app, context.global.platform);
    return work({ ...context, platform, platformId: platform.platformId }, ...args);
  });
}

/** An action that moves money: the business date is turned first, should no server have done it today. */
export function moneyAction<Args extends unknown[]>(cli: Cli, work: Work<PlatformContext, Args>) {
  return platformAction<Args>(cli, async (context, ...args) => {
    await turnBusinessDate(context.app, context.platform);
    return work(context, ...args);
  });
}

/** The first Ctrl-C asks the command to end; the second ends the process where it stands. */
function interruptible(terminal: Terminal): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    terminal.note('Stopping. Ctrl-C again ends at once.\n');
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const each of signals) process.on(each, onSignal);
  return {
    signal: controller.signal,
    end: () => {
      for (const each of signals) process.off(each, onSignal);
    },
  };
}

/** 128 + the number of SIGINT, as shells say it. */
const EXIT_INTERRUPTED = 130;
