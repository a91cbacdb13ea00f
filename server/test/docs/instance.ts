import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { startServer } from '../soak/server-process.ts';
import { temporaryFolder } from '../support/postgres.ts';
import { ROOT, type Step } from './guide.ts';

/** A server of one's own, in a folder that looks like a checkout and has its own `data`. */
export interface Instance {
  /** Runs the steps in one shell, as if they were pasted one after the other. */
  run(steps: readonly Step[]): Promise<readonly Ran[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a step printed. */
export interface Ran {
  readonly step: Step;
  readonly output: string;
  /** What all steps together wrote to standard error: why an output is not as expected. */
  readonly errors: string;
}

/** What a guide's commands need of the repository. */
const LINKED = ['examples', 'node_modules', 'package.json', 'server'];
const MARK = '--- end of step';

/**
 * Starts a server as `npm start` does, on an own data folder and any free port. `dataDir`: named in the environment
 * of server and shell alike; `data` in the folder unless given.
 */
export async function startInstance({ dataDir }: { dataDir?: string } = {}): Promise<Instance> {
  const folder = await temporaryFolder();
  for (const name of LINKED) await symlink(join(ROOT, name), join(folder, name));
  const server = await startServer({ dataDir: join(folder, dataDir ?? 'data') });
  return {
    run: (steps) => runSteps(steps, { folder, dataDir }),
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Settings of whoever runs the tests are not those of a newcomer's shell. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('GUANJIA_') && !name.startsWith('npm_') && name !== 'DATABASE_URL',
  );
  const path = [join(ROOT, 'node_modules/.bin'), process.env['PATH'] ?? ''].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path };
}

async function runSteps(
  steps: readonly Step[],
  { folder, dataDir }: { readonly folder: string; readonly dataDir: string | undefined },
): Promise<readonly Ran[]> {
  const script = steps
    .map(({ command }, index) => `${command}\necho "${MARK} ${index}"`)
    .join('\n');
  const env = {
    ...cleanEnvironment(),
    ...(dataDir === undefined ? {} : { GUANJIA_DATA_DIR: dataDir }),
  };
  const shell = spawn('bash', ['-s'], { cwd: folder, env, stdio: 'pipe' });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  shell.stdout.on('data', (data: Buffer) => output.push(data));
  shell.stderr.on('data', (data: Buffer) => errors.push(data));
  shell.stdin.end(script);
  await once(shell, 'close');
  const said = Buffer.concat(errors).toString('utf8');
  const pieces = Buffer.concat(output)
    .toString('utf8')
    .split(new RegExp(`^${MARK} \\d+\n`, 'm'));
  if (pieces.length !== steps.length + 1) {
    throw new Error(`the shell ended early:\n${said}`);
  }
  return steps.map((step, index) => ({
    step,
    output: (pieces[index] ?? '').trimEnd(),
    errors: said,
  }));
}
