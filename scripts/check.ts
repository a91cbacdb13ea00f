// `npm run check`: everything that must hold before a change lands, quickest first. Each step is named and
// timed; a failing one shows all it said, and the others run all the same. Options: --no-tests leaves the tests
// out; --report FILE writes the results as JSON.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'node_modules/.bin');
const CRUISED = ['server/src', 'sdk/src', 'scripts', 'bench', 'sandbox-bank'].filter((path) =>
  existsSync(join(ROOT, path)),
);

interface Step {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

interface StepResult {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
}

const CHECKS: readonly Step[] = [
  {
    name: 'form and syntax (Biome)',
    program: 'biome',
    args: ['check', '--error-on-warnings', '.'],
  },
  { name: 'types (tsc)', program: 'tsc', args: ['-p', 'tsconfig.json'] },
  { name: 'promises and bans (ESLint)', program: 'eslint', args: ['.', '--max-warnings', '0'] },
  {
    name: 'layers (dependency-cruiser)',
    program: 'depcruise',
    args: [...CRUISED, '--config', '.dependency-cruiser.cjs'],
  },
  { name: 'nothing unused (knip)', program: 'knip', args: [] },
  {
    name: 'generated files are up to date',
    program: 'node',
    args: ['scripts/generate.ts', '--check'],
  },
  {
    name: 'the API document (Redocly)',
    program: 'redocly',
    args: ['lint', '--extends=recommended', 'docs/reference/openapi.json'],
  },
];
const TESTS: Step = { name: 'tests (Vitest)', program: 'vitest', args: ['run'] };

/** Tools talk to nobody, and find the Node that runs us. */
const ENVIRONMENT = {
  ...process.env,
  PATH: [dirname(process.execPath), BIN, process.env['PATH']].join(delimiter),
  REDOCLY_TELEMETRY: 'off',
  REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
  NO_UPDATE_NOTIFIER: '1',
};

async function run({ program, args }: Step): Promise<{ passed: boolean; output: string }> {
  const onWindows = process.platform === 'win32';
  const path = program === 'node' ? process.execPath : join(BIN, program);
  const child = spawn(path, args, {
    cwd: ROOT,
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: onWindows && program !== 'node',
  });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => said.push(bytes));
  }
  const { promise, resolve } = Promise.withResolvers<boolean>();
  child.on('error', (error) => {
    said.push(Buffer.from(`${error.message}\n`));
    resolve(false);
  });
  child.on('close', (code) => resolve(code === 0));
  const passed = await promise;
  return { passed, output: Buffer.concat(said).toString() };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      tests: { type: 'boolean', default: true },
      report: { type: 'string' },
    },
    allowNegative: true,
  });
  const results: StepResult[] = [];
  for (const step of values.tests ? [...CHECKS, TESTS] : CHECKS) {
    const started = performance.now();
    const { passed, output } = await run(step);
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    console.log(`${passed ? 'ok    ' : 'FAILED'} ${step.name}, ${seconds} s`);
    if (!passed) console.log(output.trimEnd().replace(/^/gm, '       '));
    results.push({ name: step.name, passed, seconds });
  }
  if (values.report !== undefined) await writeFile(values.report, JSON.stringify(results));
  const failed = results.filter(({ passed }) => !passed);
  if (failed.length === 0) return console.log(`All ${results.length} checks passed.`);
  console.log(`${failed.length} of ${results.length} checks failed.`);
  process.exitCode = 1;
}

await main();
