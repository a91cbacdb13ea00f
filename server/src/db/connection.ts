/** The settings that every connection makes for itself, whatever a role or a database has set for it. */
import type pg from 'pg';
import { connectClient } from './lost-connections.ts';
import { UnfitDatabase } from './unfit-database.ts';

/**
 * What our statements and our reading of answers take for granted. Settings of a connection go before those of
 * `alter role`, `alter database` and the configuration file, and stay when these are changed.
 */
const PINNED = {
  timezone: 'UTC',
  DateStyle: 'ISO,YMD',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  array_nulls: 'on',
  standard_conforming_strings: 'on',
  default_transaction_isolation: 'read committed',
  search_path: 'public',
  // Nothing is answered before it is durable.
  synchronous_commit: 'on',
};
/** Waits for replicas to show what was committed, which is more than we ask for, and is left as it is. */
const STRONGER_COMMIT = 'remote_apply';

/** Where a connection goes, and what it sets there; the name and the value of each setting. */
export interface ConnectionSettings {
  readonly connectionString: string;
  readonly options: string;
}

/**
 * The address with our settings. Those of `options` in the address hold too, unless they say otherwise: the
 * driver would have them replace ours.
 */
export function connectionTo(
  url: string,
  settings: Readonly<Record<string, string>> = {},
): ConnectionSettings {
  const address = new URL(url);
  const given = address.searchParams.get('options');
  address.searchParams.delete('options');
  const ours = Object.entries({ ...PINNED, ...settings }).map(
    ([name, value]) => `-c ${name}=${value.replaceAll(' ', String.raw`\ `)}`,
  );
  return {
    connectionString: given === null ? url : address.href,
    options: [given ?? '', ...ours].join(' ').trim(),
  };
}

/** What is known of a database before the pools are opened on it. */
export interface Outlook {
  /** The role is there, and whoever logs in may work as it. */
  readonly hasRole: boolean;
  /** How long a commit waits: `on`, or what the operator has set where that is more. */
  readonly synchronousCommit: string;
}

/**
 * Looks at the database once, as it is without our settings and with them. Throws UnfitDatabase where what lies
 * between takes no settings, and those that hold there would lose or misread money.
 */
export async function lookAt(
  url: string,
  { role, timeoutMs }: { readonly role: string; readonly timeoutMs: number },
): Promise<Outlook> {
  const connectionTimeoutMillis = timeoutMs;
  const asIs = { connectionString: url, connectionTimeoutMillis };
  const outlook = await withClient(asIs, async (client) => {
    const { rows } = await client.query<{ hasRole: boolean; commit: string }>(
      `select current_setting('synchronous_commit') as commit, exists (
         select from pg_roles where rolname = $1 and pg_has_role(current_user, oid, 'member')
       ) as "hasRole"`,
      [role],
    );
    const [found] = rows;
    const synchronousCommit =
      found?.commit === STRONGER_COMMIT ? STRONGER_COMMIT : PINNED.synchronous_commit;
    return { hasRole: found?.hasRole === true, synchronousCommit };
  });
  const settings = { synchronous_commit: outlook.synchronousCommit };
  await withClient({ ...connectionTo(url, settings), connectionTimeoutMillis }, refuseUnlessPinned);
  return outlook;
}

async function withClient<T>(
  config: pg.ClientConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connectClient(config);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

async function refuseUnlessPinned(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ commit: string; dates: string }>(
    `select current_setting('synchronous_commit') as commit, current_setting('DateStyle') as dates`,
  );
  const { commit = '', dates = '' } = rows[0] ?? {};
  if ([PINNED.synchronous_commit, STRONGER_COMMIT].includes(commit) && dates.startsWith('ISO'))
    return;
  const found = `synchronous_commit = ${commit}, DateStyle = ${dates}`;
  throw new UnfitDatabase(
    `What lies between here and PostgreSQL does not pass on the settings of a connection, and there ${found}: let DATABASE_URL lead to PostgreSQL itself, or run \`alter role … set synchronous_commit = on\` and \`alter role … set DateStyle = 'ISO, YMD'\` there.\n` +
      `中间的连接池未传递连接设置，而该处 ${found}：请让 DATABASE_URL 直连 PostgreSQL，或在该处执行 alter role … set synchronous_commit = on 与 alter role … set DateStyle = 'ISO, YMD'。`,
  );
}
