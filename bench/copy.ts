/** COPY in binary, encoded beforehand: what PostgreSQL can take in at most of exactly these rows. */
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Contender, Slice } from './contender.ts';
import { type Encoded, REQUEST_COLUMNS, TRANSFER_COLUMNS } from './copy-rows.ts';
import { backendPid, cpuBetween, cpuUse } from './machine.ts';
import type { Place } from './place.ts';

const CHUNK_BYTES = 1 << 16;

/** What is copied: for each connection its parts, one in each slice; with the requests of the transfers or without. */
export interface CopyCell {
  readonly name: string;
  readonly connections: readonly (readonly Encoded[])[];
  readonly withRequests: boolean;
}

/**
 * Copies one part in each slice, however long that takes, each in a transaction. The tables are emptied only at
 * the beginning: they grow from slice to slice, as the engine's do.
 */
export async function openCopy(
  place: Place,
  { name, connections, withRequests }: CopyCell,
): Promise<Contender<Slice>> {
  await place.reset();
  const pid = await backendPid(place.admin);
  const clients = await Promise.all(connections.map(() => connect(place.adminUrl)));
  let part = 0;
  const slice = async (): Promise<Slice> => {
    const sent = connections.map((parts) => parts[part]).filter((each) => each !== undefined);
    if (sent.length < connections.length) throw new Error('there is a part for each slice');
    part += 1;
    const from = { at: performance.now(), cpu: cpuUse(pid) };
    await Promise.all(
      clients.map(async (client, i) => {
        const encoded = sent[i];
        if (encoded) await copy(client, encoded, withRequests);
      }),
    );
    const transfers = sent.reduce((sum, { rows }) => sum + rows, 0);
    const cpu = cpuBetween(from.cpu, cpuUse(pid));
    return { transfers, ms: performance.now() - from.at, cpu };
  };
  return {
    loads: [{ name, slice }],
    warmUpMs: 0,
    tidy: async () => {},
    check: () => Promise.resolve([]),
    stop: async () => {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function copy(
  client: pg.Client,
  { transfers, requests }: Encoded,
  withRequests: boolean,
): Promise<void> {
  await client.query('begin');
  await copyInto(client, `transfer (${TRANSFER_COLUMNS})`, transfers);
  if (withRequests) await copyInto(client, `ledger_request (${REQUEST_COLUMNS})`, requests);
  await client.query('commit');
}

async function copyInto(client: pg.Client, target: string, data: Buffer): Promise<void> {
  const stream = client.query(copyFrom(`copy ${target} from stdin (format binary)`));
  await pipeline(chunksOf(data), stream);
}

function* chunksOf(data: Buffer): Generator<Buffer> {
  for (let at = 0; at < data.length; at += CHUNK_BYTES) yield data.subarray(at, at + CHUNK_BYTES);
}
