/** A flow of several requests, over HTTP: each step is done from its beginning to its end. */
import { startServer } from '../server/test/soak/server-process.ts';
import { runClosedLoop } from './closed-loop.ts';
import type { Contender, Slice } from './contender.ts';
import { median, rateOf } from './figures.ts';
import { backendPid, cpuUse } from './machine.ts';
import type { Place } from './place.ts';
import { openTally } from './tally.ts';
import { openConnection, type WireConnection } from './wire-client.ts';

/** What is done again and again on each connection. */
export interface Flow {
  readonly name: string;
  /** What a step is called in the figures, such as orders. */
  readonly unit: string;
  readonly warmUpMs: number;
  readonly connections: number;
  readonly transfersPerStep: number;
  /** So many transfers are so many moves of the ledger. */
  readonly movesOf: (transfers: number) => number;
  /** Makes what one connection does; it says whether it was done. */
  readonly stepOf: (seed: number) => (wire: WireConnection) => Promise<boolean>;
}

/** A server of its own, with every connection kept busy; the transfers of the steps are counted. */
export async function openFlow(place: Place, flow: Flow): Promise<Contender<Slice>> {
  const { name, unit, warmUpMs, connections, transfersPerStep, movesOf, stepOf } = flow;
  const { add, ...books } = await openTally(place, { movesOf });
  const pid = await backendPid(place.admin);
  const server = await startServer({ databaseUrl: place.url, adminUrl: place.adminUrl });
  const wires: WireConnection[] = [];
  const close = () => {
    for (const wire of wires.splice(0)) wire.close();
  };
  const workers = Array.from({ length: connections }, (_, i) => {
    const step = stepOf(i);
    return () => {
      const wire = wires[i];
      if (!wire) throw new Error('there is a connection for each worker');
      return step(wire);
    };
  });
  const rates: number[] = [];
  const slice = async (ms: number) => {
    // The server closes what is idle, and that is what these are while the others have their turns.
    close();
    while (wires.length < connections) wires.push(await openConnection(server.port));
    const cpu = () => cpuUse(pid, server.pid);
    const result = await runClosedLoop({ workers, items: transfersPerStep, cpu }, ms);
    add(result);
    rates.push(rateOf([result.slice]) / transfersPerStep);
    return result.slice;
  };
  return {
    ...books,
    ...{ loads: [{ name, slice }], warmUpMs },
    figures: () => ({
      [`${name}, ${unit} a second`]: median(rates.slice(1)),
      [`${name}, memory MiB`]: server.peakMemoryMiB(),
    }),
    stop: async () => {
      close();
      await server.stop();
    },
  };
}
