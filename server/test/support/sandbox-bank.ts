import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './postgres.ts';

/** The sandbox bank as a process of its own, on a file of its own and any free port. */
export interface BankProcess {
  readonly url: string;
  /** Asks the operator's API. Throws what it answers when that is no success. */
  operate(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<unknown>;
  /** Ends it as a power cut would, and starts it again on the same file and port. */
  crash(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../../../sandbox-bank/main.ts', import.meta.url));

export async function startSandboxBank(): Promise<BankProcess> {
  const folder = await temporaryFolder();
  const file = join(folder, 'bank.sqlite');
  let { child, url } = await launch(file, '0');
  const kill = async (signal: NodeJS.Signals) => {
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  return {
    url,
    operate: async (method, path, body) => {
      const headers = { 'content-type': 'application/json' };
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await fetch(`${url}/operator${path}`, { method, headers, ...sent });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${answer.status} ${text}`);
      const told: unknown = JSON.parse(text);
      return told;
    },
    crash: async () => {
      await kill('SIGKILL');
      ({ child, url } = await launch(file, new URL(url).port));
    },
    [Symbol.asyncDispose]: async () => {
      await kill('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function launch(file: string, port: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [MAIN, '--file', file, '--port', port], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, 'line').then(([first]) => String(first)),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the bank ended: ${code}`))),
  ]);
  const told: unknown = JSON.parse(line);
  if (typeof told === 'object' && told !== null && 'url' in told) {
    return { child, url: String(told.url) };
  }
  throw new Error(`the bank does not say where it listens: ${line}`);
}
