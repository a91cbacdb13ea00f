/** The whole server, as a process of its own, over HTTP. */
import { startServer } from '../server/test/soak/server-process.ts';
import { runClosedLoop } from './closed-loop.ts';
import type { Contender, Slice } from './contender.ts';
import type { HalfLoad } from './half-load.ts';
import { backendPid, cpuUse } from './machine.ts';
import type { Place } from './place.ts';
import { batchRequests, type RequestMaker, transferRequests } from './requests.ts';
import { openTally } from './tally.ts';
import { openConnection, type WireAnswer, type WireConnection } from './wire-client.ts';

/** One transfer a request on many connections, or a hundred a request on fewer. */
const HTTP_LOADS = {
  'one by one': { connections: 512, items: 1 },
  'by 100': { connections: 32, items: 100 },
} as const;
export type HttpLoad = keyof typeof HTTP_LOADS;

/** A server of its own, with every connection kept busy; counts the transfers that were acknowledged. */
export async function openHttp(
  place: Place,
  { name, load, warmUpMs }: { name: string; load: HttpLoad; warmUpMs: number },
): Promise<Contender<Slice> & HalfLoad> {
  const { connections, items } = HTTP_LOADS[load];
  const { add, ...books } = await openTally(place);
  const pid = await backendPid(place.admin);
  const server = await startServer({ databaseUrl: place.url, adminUrl: place.adminUrl });
  const wires: WireConnection[] = [];
  const close = () => {
    for (const wire of wires.splice(0)) wire.close();
  };
  const workers = Array.from({ length: connections }, (_, i) => {
    const next = makerOf(place, i, items);
    return async () => {
      const wire = wires[i];
      if (!wire) throw new Error('there is a connection for each worker');
      return isPosted(await wire.ask(next()), items);
    };
  });
  const slice = async (ms: number) => {
    // The server closes what is idle, and that is what these are while the others have their turns.
    close();
    while (wires.length < connections) wires.push(await openConnection(server.port));
    const cpu = () => cpuUse(pid, server.pid);
    const result = await runClosedLoop({ workers, items, cpu }, ms);
    add(result);
    return result.slice;
  };
  return {
    ...books,
    ...{ loads: [{ name, slice }], warmUpMs, add, send: onFreeWorker(workers) },
    // The server under no other load has no other peak.
    figures: () => ({ [`${name}, memory MiB`]: server.peakMemoryMiB() }),
    stop: async () => {
      close();
      await server.stop();
    },
  };
}

/** Sends on whichever connection is free; when none is, what is to be sent waits for one. */
function onFreeWorker(workers: readonly (() => Promise<boolean>)[]): () => Promise<boolean> {
  type Worker = (typeof workers)[number];
  const idle = [...workers];
  const queue: ((worker: Worker) => void)[] = [];
  return async () => {
    const worker = idle.pop() ?? (await new Promise<Worker>((resolve) => queue.push(resolve)));
    const posted = await worker();
    const next = queue.shift();
    if (next) next(worker);
    else idle.push(worker);
    return posted;
  };
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
