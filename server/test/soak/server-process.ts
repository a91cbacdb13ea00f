import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../support/postgres.ts';

/** The real server, as a process of its own. */
export interface ServerProcess {
  readonly baseUrl: string;
  readonly port: number;
  readonly pid: number;
  /** True until the process has ended, whoever ended it. */
  running(): boolean;
  /** The most memory that it had at any time (VmHWM of proc_pid_status(5)); NaN where there is no /proc. */
  peakMemoryMiB(): number;
  /** What it wrote so far, its last part. */
  log(): string;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
  /** Stops it in order, with SIGTERM. Gives its exit code; kills it when it does not stop. */
  stop(): Promise<number | null>;
}

/** Where the server has its data: a database that runs, or a folder with an embedded one. */
export type ServerPlace =
  | { readonly databaseUrl: string; readonly adminUrl: string }
  | { readonly dataDir: string };

/** As `npm start` runs it. */
const NODE_FLAGS = ['--max-semi-space-size=16'];
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const START_MS = 60_000;
const STOP_MS = 40_000;
const LOG_CHARACTERS = 20_000;
/** The line that says where the server listens. */
const LISTENING = /"baseUrl":"(http:\/\/[^"]*:(\d+))"/;

/** Starts the server on a port that the system picks, and waits until it says that it listens. */
export async function startServer(place: ServerPlace): Promise<ServerProcess> {
  const own = 'dataDir' in place ? undefined : await temporaryFolder();
  const removeOwn = async () => {
    if (own !== undefined) await rm(own, { recursive: true, force: true });
  };
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN], {
    env: environmentFor(place, own),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    const { baseUrl, port } = await listening(child, output);
    return describe(child, { baseUrl, port, output, ended, removeOwn });
  } catch (error) {
    child.kill('SIGKILL');
    await removeOwn();
    throw error;
  }
}

function environmentFor(place: ServerPlace, own: string | undefined): NodeJS.ProcessEnv {
  const common = {
    ...{ ...process.env, GUANJIA_PORT: '0', GUANJIA_LOG_LEVEL: 'info' },
    GUANJIA_SANDBOX_BANK_PORT: 'off',
  };
  if ('dataDir' in place) {
    // An empty variable is one that is not set.
    const embedded = { DATABASE_URL: '', GUANJIA_DATABASE_ADMIN_URL: '' };
    return { ...common, ...embedded, GUANJIA_DATA_DIR: place.dataDir };
  }
  return {
    ...common,
    DATABASE_URL: place.databaseUrl,
    GUANJIA_DATABASE_ADMIN_URL: place.adminUrl,
    GUANJIA_DATA_DIR: join(own ?? '', 'data'),
  };
}

interface Output {
  text: string;
  onText: () => void;
}

function collect(child: ChildProcess): Output {
  const output: Output = { text: '', onText: () => {} };
  const add = (chunk: Buffer) => {
    output.text = (output.text + chunk.toString('utf8')).slice(-LOG_CHARACTERS);
    output.onText();
  };
  child.stdout?.on('data', add);
  child.stderr?.on('data', add);
  return output;
}

function listening(
  child: ChildProcess,
  output: Output,
): Promise<{ baseUrl: string; port: number }> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the server ${why}:\n${output.text}`));
    const timer = setTimeout(() => fail('does not listen'), START_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      fail('ended before it listened');
    });
    output.onText = () => {
      const [, baseUrl, port] = LISTENING.exec(output.text) ?? [];
      if (baseUrl === undefined) return;
      clearTimeout(timer);
      output.onText = () => {};
      resolve({ baseUrl, port: Number(port) });
    };
  });
}

function describe(
  child: ChildProcess,
  facts: {
    baseUrl: string;
    port: number;
    output: Output;
    ended: Promise<void>;
    removeOwn: () => Promise<void>;
  },
): ServerProcess {
  const { baseUrl, port, output, ended, removeOwn } = facts;
  const pid = child.pid ?? 0;
  const running = () => child.exitCode === null && child.signalCode === null;
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
    await removeOwn();
  };
  const stop = async () => {
    if (running()) child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(late);
    await removeOwn();
    return child.exitCode;
  };
  return {
    ...{ baseUrl, port, pid, running, kill, stop },
    log: () => output.text,
    peakMemoryMiB: () => peakMemoryMiB(pid),
  };
}

function peakMemoryMiB(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
