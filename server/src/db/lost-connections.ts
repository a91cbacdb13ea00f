/** Which errors of the driver say that a connection could not be had, or was lost: it gives those no code. */
import pg from 'pg';
import { errorCode } from '../kernel/error-code.ts';

/** Errors without a code that came from a connection that is not there: what they are, not what they say. */
const fromLostConnections = new WeakSet<Error>();

/** True for an error without a code that a pool of `openPool` gave because a connection was not to be had. */
export function isLostConnection(error: unknown): boolean {
  return error instanceof Error && fromLostConnections.has(error);
}

/**
 * Opens a pool that remembers which errors came from connections that could not be made, were waited for too
 * long, or broke. What PostgreSQL and the system say has a code of its own and is left as it is. A connection
 * on which an answer took longer than `query_timeout` is ended: whoever got it next would wait as long.
 */
export function openPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(config);
  pool.connect = watched(pool.connect, () => true);
  pool.on('connect', (client) => {
    let lost = false;
    // One that breaks while it is in use says so a second time, beside failing its statements: unheard, that
    // would end the process.
    client.on('error', (error) => {
      lost = true;
      remember(error);
    });
    client.on('end', () => {
      lost = true;
    });
    // 0 is the driver's word for none.
    const patience = config.query_timeout || Number.POSITIVE_INFINITY;
    client.query = watched(client.query, (waitedMs) => {
      if (waitedMs >= patience) client.connection.stream.destroy();
      return lost || pool.ending || waitedMs >= patience;
    });
  });
  return pool;
}

/** Connects one client; its errors are remembered as those of a pool are. */
export async function connectClient(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  client.on('error', remember);
  try {
    await client.connect();
    return client;
  } catch (error) {
    remember(error);
    throw error;
  }
}

type Asked = (...args: never[]) => unknown;

/** The function, with its failures remembered, whether it gives a promise or takes a callback. */
function watched<F extends Asked>(asked: F, isLost: (waitedMs: number) => boolean): F {
  return new Proxy(asked, {
    apply: (target, self, args: unknown[]): unknown => {
      const started = performance.now();
      const note = (error: unknown) => {
        if (isLost(performance.now() - started)) remember(error);
      };
      const callback = args.at(-1);
      const noting = (error: unknown, ...rest: unknown[]): unknown => {
        note(error);
        return typeof callback === 'function'
          ? Reflect.apply(callback, undefined, [error, ...rest])
          : undefined;
      };
      const passed = typeof callback === 'function' ? [...args.slice(0, -1), noting] : args;
      const answer: unknown = Reflect.apply(target, self, passed);
      if (!(answer instanceof Promise)) return answer;
      return answer.catch((error: unknown) => {
        note(error);
        throw error;
      });
    },
  });
}

function remember(error: unknown): void {
  if (error instanceof Error && errorCode(error) === undefined) fromLostConnections.add(error);
}
