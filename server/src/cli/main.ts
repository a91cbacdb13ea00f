/** The command `guanjia` (bin/guanjia.js): what there is to do without writing a program. */
import { keepHeapSmall } from '../heap.ts';
import { processTerminal } from './output.ts';
import { runCommandLine } from './program.ts';

keepHeapSmall();

// A reader that has read enough (`| head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const exitCode = await runCommandLine(process.argv.slice(2), processTerminal);
// The server, which goes on from here, has an exit code of its own.
if (exitCode !== 0) process.exitCode = exitCode;
