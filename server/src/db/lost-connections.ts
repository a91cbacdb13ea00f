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
 * long, or broke. What PostgreSQL and the system say has a code of its own and is left as it is.
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
    client.query = watched(client.query, () => lost || pool.ending);
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
function watched<F extends Asked>(asked: F, isLost: () => boolean): F {
  const note = (error: unknown) => {
    if (isLost()) remember(error);
  };
  return new Proxy(asked, {
    apply: (target, self, args: unknown[]): unknown => {
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
