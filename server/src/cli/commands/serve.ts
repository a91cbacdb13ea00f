import type { Command } from 'commander';
import { run } from '../../run.ts';

/** `guanjia serve` */
export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .summary('run the server, as `npm start` does')
    .description(
      'Run the server until Ctrl-C, as `npm start` does: database, migrations, API, background work. It is configured by environment variables.',
    )
    .addHelpText('after', '\nExample:\n  GUANJIA_PORT=8080 guanjia serve')
    .action(run);
}
