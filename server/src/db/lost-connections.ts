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
 * on which an answer takes longer than `answerTimeoutMs` is ended, because whoever got it next would wait as long;
 * 0 waits as long as it takes.
 */
export function openPool(
  config: pg.PoolConfig,
  { answerTimeoutMs = 0 }: { readonly answerTimeoutMs?: number } = {},
): pg.Pool {
  const pool = new pg.Pool(config);
  pool.connect = watched(pool.connect);
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
    const giveUp = () => {
      lost = true;
      client.connection.stream.destroy();
    };
    client.query = patient(client.query, {
      answerTimeoutMs,
      giveUp,
      isLost: () => lost || pool.ending,
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
type Callback = (error: Error | null, result?: unknown) => unknown;

/** The function, with its failures remembered, whether it gives a promise or takes a callback. */
function watched<F extends Asked>(asked: F): F {
  return new Proxy(asked, {
    apply: (target, self, args: unknown[]): unknown => {
      const callback = args.at(-1);
      const noting = (error: unknown, ...rest: unknown[]): unknown => {
        remember(error);
        return typeof callback === 'function'
          ? Reflect.apply(callback, undefined, [error, ...rest])
          : undefined;
      };
      const passed = typeof callback === 'function' ? [...args.slice(0, -1), noting] : args;
      const answer: unknown = Reflect.apply(target, self, passed);
      if (!(answer instanceof Promise)) return answer;
      return answer.catch((error: unknown) => {
        remember(error);
        throw error;
      });
    },
  });
}

/**
 * The driver's `query`, with a deadline for each answer. It gives promises of its own, by the driver's callbacks:
 * the driver's promise, and its own deadline, assign a function literal to a property of the query. V8 takes such
 * functions for methods and puts them among the old objects, where each keeps all that its statement carried
 * until the next full collection.
 */
function patient<F extends Asked>(
  query: F,
  patience: { answerTimeoutMs: number; giveUp: () => void; isLost: () => boolean },
): F {
  const { answerTimeoutMs, giveUp, isLost } = patience;
  return new Proxy(query, {
    apply: (target, self, args: unknown[]): unknown => {
      // What reads its own answers, such as COPY, is no statement with one answer, and has no deadline.
      if (hasSubmit(args[0])) return Reflect.apply(target, self, args);
      const ask = ([text, values]: readonly unknown[], answered: Callback): void => {
        const timer = answerTimeoutMs > 0 ? setTimeout(giveUp, answerTimeoutMs) : undefined;
        const done: Callback = (error, result) => {
          clearTimeout(timer);
          if (error && isLost()) remember(error);
          answered(error, result);
        };
        try {
          Reflect.apply(target, self, [text, values, done]);
        } catch (error) {
          clearTimeout(timer);
          throw error;
        }
      };
      const callback = args.at(-1);
      if (isCallback(callback)) return ask(args.slice(0, -1), callback);
      return promised((answered) => ask(args, answered));
    },
  });
}

/** What a callback is given, as a promise. The stack of an error leads to whoever asked, not to a socket. */
async function promised(ask: (answered: Callback) => void): Promise<unknown> {
  try {
    return await new Promise((resolve, reject) => {
      ask((error, result) => {
        if (error) reject(error);
        else resolve(result);
      });
    });
  } catch (error) {
    if (error instanceof Error) Error.captureStackTrace(error);
    throw error;
  }
}

const isCallback = (value: unknown): value is Callback => typeof value === 'function';

const hasSubmit = (asked: unknown): boolean =>
  typeof asked === 'object' && asked !== null && 'submit' in asked;

function remember(error: unknown): void {
  if (error instanceof Error && errorCode(error) === undefined) fromLostConnections.add(error);
}
