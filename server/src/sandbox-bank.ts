import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inTime } from './kernel/in-time.ts';
import type { Logger } from './logging.ts';

/** The sandbox bank (sandbox-bank/README.md): a program of its own, which is spoken with by HTTP only. */
export interface SandboxBank {
  readonly url: string;
  /** Has it tell of each line there, signed with the secret. That it will not is no reason to do without it. */
  tell(to: { url: string; secret: string }): Promise<void>;
  /** Stops it in order. May be called when it has ended already. */
  stop(): Promise<void>;
}

/** The main account that it keeps for the sandbox platform. */
interface KeptAccount {
  readonly number: string;
  readonly name: string;
  readonly bankName: string | null;
  readonly virtualPrefix: string;
}

const PROGRAM = join(import.meta.dirname, '../../sandbox-bank/main.ts');
const START_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 5_000;
const ANSWER_LIMIT_MS = 5_000;
const MAX_COMPLAINT = 500;

/**
 * Starts the bank beside the server, with its books in the data folder, and opens the main account there. It
 * ends when the server does, however that ends. Undefined, with a warning, when it cannot be started: its port
 * may be taken, by another server's bank for one. The server does without it.
 */
export async function startSandboxBank(
  { dataDir, port }: { readonly dataDir: string; readonly port: number },
  account: KeptAccount,
  log: Logger,
): Promise<SandboxBank | undefined> {
  const args = ['--file', join(dataDir, 'sandbox-bank.sqlite'), '--port', String(port)];
  const child = spawn(process.execPath, [PROGRAM, ...args, '--with-parent'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const complaint = listenToComplaints(child, log);
  try {
    const url = await inTime(whereItListens(child), START_LIMIT_MS, () => {
      throw new Error(`it does not listen after ${START_LIMIT_MS} ms`);
    });
    await operate(url, 'POST', '/accounts', account);
    return {
      url,
      tell: (to) =>
        operate(url, 'PUT', '/notifications', to).catch((error: unknown) =>
          log.warn({ err: error }, 'the sandbox bank does not tell of new lines: it is asked'),
        ),
      stop: () => stopChild(child),
    };
  } catch (error) {
    await stopChild(child);
    log.warn(
      { port, err: error, said: complaint() },
      'the sandbox bank does not run: set GUANJIA_SANDBOX_BANK_PORT to another port, or to off',
    );
    return undefined;
  }
}

/** What it says is logged; the first of it is remembered for the case that it does not start. */
function listenToComplaints(child: ChildProcess, log: Logger): () => string {
  let first = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (first.length < MAX_COMPLAINT) first = (first + text).slice(0, MAX_COMPLAINT);
    log.warn({ said: text.trim().slice(0, MAX_COMPLAINT) }, 'the sandbox bank says');
  });
  // Its input is there only to end when we do.
  child.stdin?.on('error', () => {});
  return () => first.trim();
}

async function whereItListens(child: ChildProcess): Promise<string> {
  const ended = new AbortController();
  const whenEnded = () => ended.abort(new Error('it ended'));
  child.once('exit', whenEnded).once('error', whenEnded);
  if (!child.stdout) throw new Error('it has no output');
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line', { signal: ended.signal })) as unknown[];
  const told: unknown = JSON.parse(String(line));
  if (typeof told === 'object' && told !== null && 'url' in told) return String(told.url);
  throw new Error('it does not say where it listens');
}

async function operate(
  url: string,
  method: 'POST' | 'PUT',
  path: string,
  body: unknown,
): Promise<void> {
  const answer = await fetch(`${url}/operator${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  });
  if (!answer.ok) throw new Error(`it does not take ${path}: ${await answer.text()}`);
}

async function stopChild(child: ChildProcess): Promise<void> {
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  if (child.pid === undefined || hasEnded()) return;
  const exit = once(child, 'exit');
  child.stdin?.end();
  child.kill('SIGTERM');
  await inTime(exit, STOP_LIMIT_MS, () => child.kill('SIGKILL'));
}
