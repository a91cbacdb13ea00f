/**
 * Runs the sandbox bank: `node sandbox-bank/main.ts --file bank.sqlite --port 7071`. It listens on this machine
 * only, says where as one line of JSON, and stops on SIGTERM, SIGINT, or with --with-parent when its input ends.
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { type Bank, openBank } from './bank.ts';
import { bankRoutes } from './bank-routes.ts';
import { createListener } from './listener.ts';
import { operatorRoutes } from './operator-routes.ts';

const HOST = '127.0.0.1';
const DEFAULT_PORT = '7071';
/** How often the bank does by itself what is due, and sends what waits. */
const TICK_MS = 1_000;
/** Bad usage, and something that is needed is not there (sysexits.h). */
const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      file: { type: 'string' },
      port: { type: 'string', default: DEFAULT_PORT },
      'with-parent': { type: 'boolean', default: false },
    },
  });
  if (values.file === undefined || !/^\d{1,5}$/.test(values.port)) {
    return fail(
      'Usage: node sandbox-bank/main.ts --file FILE [--port PORT] [--with-parent]',
      EX_USAGE,
    );
  }
  const bank = openBank(values.file, () => new Date());
  const server = createListener(bank, [...bankRoutes(bank), ...operatorRoutes(bank)]);
  try {
    server.listen({ host: HOST, port: Number(values.port) });
    await once(server, 'listening');
  } catch (error) {
    bank.close();
    throw error;
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : values.port;
  process.stdout.write(`${JSON.stringify({ url: `http://${HOST}:${port}` })}\n`);
  const ticking = setInterval(() => tick(bank), TICK_MS);
  await toldToStop(values['with-parent']);
  clearInterval(ticking);
  server.close();
  server.closeAllConnections();
  bank.close();
  process.exit(0);
}

function tick(bank: Bank): void {
  bank.catchUp();
  void bank.notifications.send();
}

function toldToStop(withParent: boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  process.once('SIGTERM', () => resolve());
  process.once('SIGINT', () => {
    // Ctrl-C in a terminal reaches the whole group: whoever started us decides when we stop.
    if (!withParent) resolve();
  });
  process.once('SIGHUP', () => resolve());
  if (withParent) {
    process.on('SIGINT', () => {});
    process.stdin.resume().once('close', () => resolve());
  }
  return promise;
}

function fail(message: string, code: number): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = code;
}

await main().catch((error: unknown) =>
  fail(error instanceof Error ? error.message : String(error), EX_UNAVAILABLE),
);
