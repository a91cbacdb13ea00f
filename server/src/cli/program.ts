import { Command, CommanderError } from 'commander';
import { readConfig } from '../config.ts';
import type { Cli } from './action.ts';
import { addAccountCommands } from './commands/account.ts';
import { addDatabaseCommands } from './commands/database.ts';
import { addHoldCommands } from './commands/hold.ts';
import { addKeyCommands } from './commands/key.ts';
import { addRegistryCommands } from './commands/registry.ts';
import { addSealCommands } from './commands/seal.ts';
import { addServeCommand } from './commands/serve.ts';
import { addStatementCommands } from './commands/statement.ts';
import { addSuspenseCommands } from './commands/suspense.ts';
import { addTransferCommand } from './commands/transfer.ts';
import { addVerifyCommand } from './commands/verify.ts';
import { EXIT, explain } from './explain-error.ts';
import { jsonDocument, type Terminal } from './output.ts';

const INTRODUCTION = `Guanjia (管家) keeps virtual accounts for platforms on one real bank account.

The commands work directly on the database: on DATABASE_URL, else on the embedded one in GUANJIA_DATA_DIR
(./data), whether a server runs on it or not.`;

const EXAMPLES = `
Examples:
  guanjia seed                                    set up a sandbox to try things on
  guanjia account list                            what accounts there are
  guanjia statement import statement.xml          record what came in at the bank
  guanjia transfer 8888800000000000051 8888800000000000077 12.30
  guanjia verify                                  recompute everything

Exit codes: 0 done; 1 not done, or something disagrees; 2 typed wrong.
GUANJIA_LOG_LEVEL=debug shows where an error came from.`;

/** The commands, with their arguments, options and help. Parsing it runs the one that was asked for. */
export function buildProgram(cli: Cli): Command {
  const program = new Command('guanjia')
    .description(INTRODUCTION)
    .version('0.1.0', '--version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .option('--json', 'one JSON document on standard output; amounts as integers of minor units')
    .option(
      '--platform <id>',
      'which platform, such as plt_1; may be left out when there is just one (verify: all)',
    )
    .addHelpText('after', EXAMPLES);
  addServeCommand(program);
  addDatabaseCommands(program, cli);
  addRegistryCommands(program, cli);
  addAccountCommands(program, cli);
  addStatementCommands(program, cli);
  addSuspenseCommands(program, cli);
  addTransferCommand(program, cli);
  addHoldCommands(program, cli);
  addKeyCommands(program, cli);
  addSealCommands(program, cli);
  addVerifyCommand(program, cli);
  prepare(program, cli.terminal);
  return program;
}

/** Settings that subcommands do not take over from the program. */
function prepare(command: Command, terminal: Terminal): void {
  command.exitOverride().configureOutput({
    writeOut: terminal.write,
    writeErr: terminal.note,
    outputError: () => undefined, // said by `explain`, like all errors
  });
  for (const each of command.commands) prepare(each, terminal);
}

/** Runs a command line: what follows the name of the program. Gives the exit code. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.ok;
  const onDone = (code: number) => {
    exitCode = code;
  };
  const program = buildProgram({ terminal, onDone });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help and version end this way too, and are written already.
    if (error instanceof CommanderError && HELP.includes(error.code)) {
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    const explained = explain(error, { debug: isDebugging() });
    const asJson = program.opts()['json'] === true;
    terminal.note(asJson ? jsonDocument(explained.document) : explained.text);
    return explained.exitCode;
  }
}

const HELP = ['commander.help', 'commander.helpDisplayed', 'commander.version'];

function isDebugging(): boolean {
  try {
    return ['debug', 'trace'].includes(readConfig().logLevel);
  } catch {
    return false; // what is wrong with the configuration is what is being explained
  }
}
