/** The whole server, as a process of its own, over HTTP. */
import { setTimeout as pause } from 'node:timers/promises';
import { type ServerProcess, startServer } from '../server/test/soak/server-process.ts';
import { type Latencies, latenciesOf } from './figures.ts';
import { backendPid, cpuPerTransfer, cpuUse } from './machine.ts';
import { runOpenLoop } from './open-loop.ts';
import type { Place } from './place.ts';
import { batchRequests, type RequestMaker, transferRequests } from './requests.ts';
import { openConnection, type WireAnswer, type WireConnection } from './wire-client.ts';

/** One transfer a request on many connections, or a hundred a request on fewer. */
export const HTTP_LOADS = {
  'one by one': { connections: 512, items: 1 },
  'by 100': { connections: 32, items: 100 },
} as const;
export type HttpLoad = keyof typeof HTTP_LOADS;

/** What the server reached. */
export interface HttpResult {
  /** Transfers a second. */
  readonly rate: number;
  /** The most memory that the server had at any time. */
  readonly peakMemoryMiB: number;
  readonly cpu: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

/** Keeps every connection busy, and counts the transfers that were acknowledged. */
export async function measureHttp(
  place: Place,
  cell: { name: string; load: HttpLoad; warmUpMs: number; measureMs: number },
): Promise<HttpResult> {
  const { name, load, warmUpMs, measureMs } = cell;
  const { connections, items } = HTTP_LOADS[load];
  await place.reset();
  const pid = await backendPid(place.admin);
  return withServer(place, connections, async (server, wires) => {
    let answered = 0;
    let refused = 0;
    let stopped = false;
    const workers = wires.map(async (wire, seed) => {
      const next = makerOf(place, seed, items);
      while (!stopped) {
        if (isPosted(await wire.ask(next()), items)) answered += 1;
        else refused += 1;
      }
    });
    const all = Promise.all(workers);
    await Promise.race([all, pause(warmUpMs)]);
    const from = { answered, at: performance.now(), cpu: cpuUse(pid, server.pid) };
    await Promise.race([all, pause(measureMs)]);
    const transfers = (answered - from.answered) * items;
    const rate = (transfers * 1000) / (performance.now() - from.at);
    const cpu = cpuPerTransfer(name, { from: from.cpu, to: cpuUse(pid, server.pid), transfers });
    stopped = true;
    await all;
    const faults = [...(await place.check(answered * items))];
    if (refused > 0) faults.push(`${refused} requests were not answered with everything posted`);
    return { rate, peakMemoryMiB: server.peakMemoryMiB(), cpu, faults };
  });
}

/** Latency at a fixed rate, one transfer a request, from the moment at which each request was due. */
export async function measureHttpLatency(
  place: Place,
  cell: { rate: number; warmUpMs: number; measureMs: number },
): Promise<Latencies & { faults: readonly string[] }> {
  const { connections } = HTTP_LOADS['one by one'];
  await place.reset();
  return withServer(place, connections, async (_server, wires) => {
    const makers = new Map(wires.map((wire, seed) => [wire, makerOf(place, seed, 1)]));
    const idle = [...wires];
    const queue: ((wire: WireConnection) => void)[] = [];
    const take = () => {
      const wire = idle.pop();
      return wire ?? new Promise<WireConnection>((resolve) => queue.push(resolve));
    };
    const send = async () => {
      const wire = await take();
      const request = makers.get(wire)?.();
      if (!request) throw new Error('a connection has a maker of requests');
      const posted = isPosted(await wire.ask(request), 1);
      const next = queue.shift();
      if (next) next(wire);
      else idle.push(wire);
      return posted;
    };
    const { latencies, sent, accepted } = await runOpenLoop(send, cell);
    const faults = [...(await place.check(accepted))];
    if (accepted < sent) faults.push(`${sent - accepted} of ${sent} requests were not posted`);
    return { ...latenciesOf(latencies), faults };
  });
}

function makerOf(place: Place, seed: number, items: number): RequestMaker {
  return items === 1
    ? transferRequests(place.world, seed)
    : batchRequests(place.world, seed, items);
}

const ALL_POSTED = Buffer.from('"refused":0');

function isPosted({ status, body }: WireAnswer, items: number): boolean {
  if (items === 1) return status === 201;
  return (status === 200 || status === 201) && body.includes(ALL_POSTED);
}

async function withServer<T>(
  place: Place,
  connections: number,
  work: (server: ServerProcess, wires: readonly WireConnection[]) => Promise<T>,
): Promise<T> {
  const server = await startServer({ databaseUrl: place.url, adminUrl: place.adminUrl });
  const wires: WireConnection[] = [];
  try {
    for (let i = 0; i < connections; i += 1) wires.push(await openConnection(server.port));
    return await work(server, wires);
  } finally {
    for (const wire of wires) wire.close();
    await server.stop();
  }
}
