import { type Originated, recordChange } from '../audit/index.ts';
import type { Db } from '../db/database.ts';
import { type BusinessDate, dateInZone } from '../kernel/business-date.ts';
import type { Clock } from '../kernel/clock.ts';
import { openBusinessDate, openFirstDay } from '../ledger/index.ts';

/** A platform (平台商户): the tenant. */
export interface Platform {
  readonly platformId: bigint;
  readonly name: string;
  /** IANA name, such as Asia/Shanghai: its calendar decides when the business date turns. */
  readonly timeZone: string;
  readonly sandbox: boolean;
}

/** The text id of a platform: `plt_1`. */
export const platformTextId = (platformId: bigint) => `plt_${platformId}`;

/**
 * Opens a platform and its first business day, which is today in its time zone. Says false, and changes
 * nothing, when a platform with that id is there already.
 */
export async function openPlatform(
  { db, clock, origin }: { db: Db; clock: Clock } & Originated,
  { platformId, name, timeZone, sandbox }: Platform,
): Promise<boolean> {
  const at = clock.now();
  return db.transaction().execute(async (tx) => {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('platform')
      .values({ platform_id: platformId, name, time_zone: timeZone, sandbox, created_at: at })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow();
    if (numInsertedOrUpdatedRows === 0n) return false;
    await openFirstDay(tx, platformId, { date: dateInZone(at, timeZone), at });
    await recordChange(tx, platformId, {
      ...{ origin, at, action: 'platform.opened', before: null },
      object: { type: 'platform', id: platformTextId(platformId) },
      after: { name, timeZone, sandbox },
    });
    return true;
  });
}

/** The platforms of this database, in the order in which they were opened. */
export async function listPlatforms(db: Db): Promise<Platform[]> {
  const rows = await db.selectFrom('platform').selectAll().orderBy('platform_id').execute();
  return rows.map(toPlatform);
}

/** A platform and the business date (营业日) that its moves are stamped with now. */
export async function readPlatform(
  db: Db,
  platformId: bigint,
): Promise<Platform & { businessDate: BusinessDate }> {
  const row = await db
    .selectFrom('platform')
    .selectAll()
    .where('platform_id', '=', platformId)
    .executeTakeFirstOrThrow();
  return { ...toPlatform(row), businessDate: await openBusinessDate(db, platformId) };
}

function toPlatform(row: {
  platform_id: bigint;
  name: string;
  time_zone: string;
  sandbox: boolean;
}): Platform {
  return {
    platformId: row.platform_id,
    name: row.name,
    timeZone: row.time_zone,
    sandbox: row.sandbox,
  };
}
