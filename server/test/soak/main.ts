/** `npm run soak`: long runs that try to break the ledger. Exits non-zero on any violation. */
import { appendFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { temporaryCluster } from '../support/postgres.ts';
import { runConcurrency } from './concurrency.ts';
import { FAULTS, runCrashes } from './crash.ts';
import { Dice } from './dice.ts';
import { httpDoor, ledgerDoor } from './door.ts';
import { openHome } from './embedded-home.ts';
import { runModel } from './model/run-model.ts';
import { startServer } from './server-process.ts';
import { fund, openOwnLedger, openWorld } from './world.ts';

const USAGE = `npm run soak -- [concurrency|crash|model|all] [options]

  concurrency  64 clients, two servers on one database; then two ledgers in this process
  crash        load, while the server and PostgreSQL are killed again and again
  model        random submissions against a model of the ledger

  --seed N     the same dice again (default: another seed each time)
  --size N     requests (concurrency, 200000), rounds (crash, 30), steps (model, 20000)
  --out FILE   append each result as a line of JSON`;

const SIZES = { concurrency: 200_000, crash: 30, model: 20_000 } as const;
type Soak = keyof typeof SIZES;
const ALL: readonly Soak[] = ['model', 'concurrency', 'crash'];
const MAX_SEED = 1_000_000;
const CLIENTS = 64;
const ACCOUNTS = 100;
const FUNDS = 1_000_000;

interface Summary {
  readonly violations: readonly string[];
}
type Summaries = Readonly<Record<string, Summary>>;

async function concurrency(seed: number, requests: number): Promise<Summaries> {
  await using cluster = await temporaryCluster();
  const load = { clients: CLIENTS, requests, seed };
  return { http: await overHttp(cluster, load), ledger: await inProcess(cluster, load) };
}

type Cluster = Awaited<ReturnType<typeof temporaryCluster>>;
type LoadOptions = { clients: number; requests: number; seed: number };

async function overHttp(cluster: Cluster, load: LoadOptions) {
  await using database = await cluster.freshDatabase();
  const { adminUrl, url: databaseUrl } = database;
  const world = await fundedWorld(databaseUrl);
  const servers = await Promise.all([
    startServer({ databaseUrl, adminUrl }),
    startServer({ databaseUrl, adminUrl }),
  ]);
  try {
    const [one, other] = servers;
    const doors = [
      httpDoor(() => one.baseUrl, world),
      httpDoor(() => other.baseUrl, world),
    ] as const;
    return await runConcurrency({ ...load, doors, world, adminUrl });
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function inProcess(cluster: Cluster, load: LoadOptions) {
  await using database = await cluster.freshDatabase();
  const { adminUrl, url } = database;
  const world = await fundedWorld(url);
  const ledgers = await Promise.all([openOwnLedger(url), openOwnLedger(url)]);
  try {
    const [one, other] = ledgers;
    const doors = [ledgerDoor(one.ledger, world), ledgerDoor(other.ledger, world)] as const;
    return await runConcurrency({ ...load, doors, world, adminUrl });
  } finally {
    await Promise.all(ledgers.map(({ close }) => close()));
  }
}

async function fundedWorld(url: string) {
  const world = await openWorld(url, { accounts: ACCOUNTS });
  const { ledger, close } = await openOwnLedger(url);
  await fund(ledger, world, FUNDS);
  await close();
  return world;
}

async function crash(seed: number, rounds: number): Promise<Summaries> {
  const home = await openHome({ accounts: ACCOUNTS, funds: FUNDS });
  try {
    const dice = new Dice(seed);
    const faults = Array.from({ length: rounds }, () => dice.pick(FAULTS));
    return { crash: await runCrashes(home, { seed, faults }) };
  } finally {
    await home.remove();
  }
}

async function model(seed: number, steps: number): Promise<Summaries> {
  await using cluster = await temporaryCluster();
  await using database = await cluster.freshDatabase();
  return { model: await runModel(database.url, { seed, steps }) };
}

const SOAKS = { concurrency, crash, model };

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      size: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const [wanted = 'all'] = positionals;
  const chosen = wanted === 'all' ? ALL : ALL.filter((soak) => soak === wanted);
  if (values.help || chosen.length === 0) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const seed = Number(values.seed ?? Date.now() % MAX_SEED);
  let violated = false;
  for (const soak of chosen) {
    const size = Number(values.size ?? SIZES[soak]);
    console.log(`${soak}: seed ${seed}, size ${size}`);
    const startedAt = new Date();
    const summaries = await SOAKS[soak](seed, size);
    for (const [name, summary] of Object.entries(summaries)) {
      const { violations, ...figures } = summary;
      console.log(`  ${name}: ${JSON.stringify(figures)}`);
      for (const violation of violations) console.log(`  VIOLATION ${violation}`);
      violated ||= violations.length > 0;
      const line = { soak, name, seed, size, startedAt, ...summary };
      if (values.out !== undefined) await appendFile(values.out, `${JSON.stringify(line)}\n`);
    }
  }
  console.log(violated ? 'There are violations.' : 'No violation.');
  return violated ? 1 : 0;
}

process.exitCode = await main();
