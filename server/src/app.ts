/** The one place where modules are wired. Tests and the command line call it too. */
import { sql } from 'kysely';
import { approvalRoutes } from './approvals/routes.ts';
import { approvedActs } from './approved-acts.ts';
import { type Origin, SYSTEM } from './audit/index.ts';
import { auditRoutes } from './audit/routes.ts';
import { type Background, startBackground } from './background.ts';
import { bankingRoutes } from './banking/routes.ts';
import { type Database, openDatabase } from './db/database.ts';
import { depositRoutes } from './deposits/routes.ts';
import { errorCatalogue } from './errors.ts';
import { escrowRoutes } from './escrow/routes.ts';
import { refuseFeesOwed } from './fees/index.ts';
import { feeRoutes } from './fees/routes.ts';
import { type Metrics, openMetrics } from './http/metrics.ts';
import { buildServer, type Server } from './http/server.ts';
import { refuseInterestDue } from './interest/index.ts';
import { interestRoutes } from './interest/routes.ts';
import { judicialFreezeRoutes } from './judicial-freezes/routes.ts';
import { type Clock, systemClock } from './kernel/clock.ts';
import { type NewUuid, uuidGenerator } from './kernel/id.ts';
import { type Random, systemRandom } from './kernel/random.ts';
import { type Ledger, openLedger } from './ledger/index.ts';
import { limitRoutes } from './limits/routes.ts';
import { type Logger, openLog } from './logging.ts';
import { memberRoutes } from './members/routes.ts';
import { openDeliverer } from './outbox/index.ts';
import { outboxRoutes } from './outbox/routes.ts';
import { type Authenticator, openAuthenticator } from './platforms/index.ts';
import { platformRoutes } from './platforms/routes.ts';
import { type KeyRing, openSealer, type Sealer } from './sealing/index.ts';
import { settlementCardRoutes } from './settlement-cards/routes.ts';
import { moneyRoutes } from './transfers/routes.ts';
import { sandboxPolicy, type VerificationPolicy } from './verification/index.ts';
import { accountRoutes } from './virtual-accounts/routes.ts';

/** What an app is opened on. */
export interface AppOptions {
  /** A migrated database. */
  readonly url: string;
  readonly log: Logger;
  readonly connections?: number;
  readonly batchConnections?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Without them, whatever needs to seal or open something is refused. */
  readonly sealKeys?: KeyRing | undefined;
  /** Who asks where no request says it: the server by itself when it is left out. */
  readonly origin?: Origin;
  /** Work as the owner of the tables, and connect to nothing before it is needed. */
  readonly asOwner?: boolean;
  /** Let webhooks go to private and loopback addresses, and over plain http. */
  readonly webhooksToPrivate?: boolean;
  /** See DatabaseOptions. */
  readonly answerTimeoutMs?: number;
}

/** Everything that use cases and routes need. */
export interface App {
  readonly database: Database;
  readonly db: Database['db'];
  readonly sessions: Database['sessions'];
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: Random;
  readonly newUuid: NewUuid;
  /** See AppOptions. */
  readonly webhooksToPrivate: boolean;
  readonly authenticator: Authenticator;
  readonly sealer: Sealer;
  /** The providers that sandbox platforms verify cards with. */
  readonly verification: VerificationPolicy;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly origin: Origin;
  /** Folds, expires and turns the business date until the app is closed. */
  startBackground(): Background;
  /** From now on the server is not ready: load balancers look elsewhere. */
  beginStopping(): void;
  /** True when the database answers, takes writes, and has the tables; false while stopping. */
  isReady(): Promise<boolean>;
  /** True when the database has the tables, whether or not it takes writes. */
  isMigrated(): Promise<boolean>;
  /** Ends the work under way and the connections. Nothing may be asked of the app afterwards. */
  close(): Promise<void>;
}

/** Wires the modules on a database. */
export async function openApp(options: AppOptions): Promise<App> {
  const { url, log, clock = systemClock, random = systemRandom, origin = SYSTEM } = options;
  const { connections = 10, batchConnections = 8, asOwner = false, answerTimeoutMs } = options;
  const { webhooksToPrivate = false } = options;
  const database = await openDatabase({
    ...{ url, connections, batchConnections, asOwner },
    ...(answerTimeoutMs === undefined ? {} : { answerTimeoutMs }),
    onError: (error) => log.warn({ err: error }, 'a connection to the database broke'),
  });
  const { db, sessions } = database;
  const metrics = openMetrics();
  const ledger = metrics.measured(openLedger({ database, clock, observe: metrics.batch }));
  const newUuid = uuidGenerator(clock, random);
  const authenticator = openAuthenticator({ db, clock });
  const sealer = openSealer({ keys: options.sealKeys, random });
  const background: Background[] = [];
  let stopping = false;
  return {
    ...{
      database,
      db,
      sessions,
      ledger,
      clock,
      random,
      newUuid,
      authenticator,
      sealer,
      verification: sandboxPolicy(),
      metrics,
      log,
      origin,
      webhooksToPrivate,
    },
    startBackground: () => {
      const onError = (error: unknown) => log.warn({ err: error }, 'webhooks could not be sent');
      const deliverer = openDeliverer({ db, clock, random, sealer, webhooksToPrivate, onError });
      const { sessions } = database;
      const started = startBackground({ db, sessions, ledger, clock, newUuid, log, deliverer });
      background.push(started);
      return started;
    },
    beginStopping: () => {
      stopping = true;
    },
    isReady: async () => {
      if (stopping) return false;
      const { takesWrites, hasTables } = await stateOf(database);
      return takesWrites && hasTables;
    },
    isMigrated: async () => (await stateOf(database)).hasTables,
    close: async () => {
      stopping = true;
      await Promise.all(background.map((each) => each.stop()));
      await ledger.drained();
      await database.close();
    },
  };
}

/** Builds the HTTP server on an app, with the routes of all modules. */
export function buildHttp(app: App): Promise<Server> {
  const { log, random, authenticator, metrics, isReady } = app;
  return buildServer({
    ...{ log, random, authenticator, metrics, isReady, catalogue: errorCatalogue },
    addRoutes: (server) => {
      void server.register(platformRoutes, { deps: app });
      void server.register(memberRoutes, { deps: app });
      const beforeClosing = async (platformId: bigint, number: string) => {
        await refuseFeesOwed(app, platformId, number);
        await refuseInterestDue(app, platformId, number);
      };
      void server.register(accountRoutes, { deps: { ...app, beforeClosing } });
      void server.register(settlementCardRoutes, { deps: app });
      void server.register(moneyRoutes, { deps: app });
      void server.register(depositRoutes, { deps: app });
      void server.register(approvalRoutes, { deps: { ...app, acts: approvedActs(app) } });
      void server.register(auditRoutes, { deps: app });
      void server.register(feeRoutes, { deps: app });
      void server.register(interestRoutes, { deps: app });
      void server.register(judicialFreezeRoutes, { deps: app });
      void server.register(limitRoutes, { deps: app });
      void server.register(bankingRoutes, { deps: app });
      void server.register(escrowRoutes, { deps: app });
      void server.register(outboxRoutes, { deps: app });
    },
  });
}

interface DatabaseState {
  readonly takesWrites: boolean;
  readonly hasTables: boolean;
}

/** One look at what a request would find. A standby is read-only too, whatever its settings. */
async function stateOf({ db }: Database): Promise<DatabaseState> {
  const { rows } = await sql<DatabaseState>`
    select current_setting('transaction_read_only') = 'off' and not pg_is_in_recovery() as "takesWrites",
           to_regclass('public.bank_entry') is not null as "hasTables"`.execute(db);
  return rows[0] ?? { takesWrites: false, hasTables: false };
}

/** The API document (OpenAPI 3.1) of all routes, as JSON text: `docs/reference/openapi.json`. No database needed. */
export async function buildOpenApiDocument(): Promise<string> {
  const log = openLog({ level: 'silent' });
  const app = await openApp({ url: 'postgresql://127.0.0.1:1/nowhere', log, asOwner: true });
  const http = await buildHttp(app);
  try {
    return `${JSON.stringify(http.swagger(), undefined, 2)}\n`;
  } finally {
    await http.close();
    await app.close();
  }
}
