import { sql } from 'kysely';
import type { Db } from '../db/database.ts';
import { textId, uuidOf } from '../kernel/id.ts';

/** The text id of a notification, and the UUID behind it. */
export const notificationTextId = (uuid: string): string => textId('bnt', uuid);
export const notificationUuid = (text: string): string | undefined => uuidOf('bnt', text);

/** What a bank said of a line. */
export interface Notified {
  readonly mainAccountId: bigint;
  /** The bank's own, of the line. */
  readonly reference: string;
  readonly direction: 'credit' | 'debit';
  /** Minor units. */
  readonly amount: bigint;
  readonly bookedAt: Date;
  readonly payoutReference: string | null;
}

/** Keeps a notification, once, and has the bank asked now. Says whether it was new. */
export async function insertNotification(
  db: Db,
  platformId: bigint,
  { id, digest, notified, at }: { id: string; digest: Buffer; notified: Notified; at: Date },
): Promise<boolean> {
  const { mainAccountId, reference, direction, amount, bookedAt, payoutReference } = notified;
  const { numAffectedRows } = await sql`
    insert into bank_notification (platform_id, notification_id, main_account_id, digest, reference, direction, amount,
        booked_at, payout_reference, received_at)
      values (${platformId}, ${id}, ${mainAccountId}, ${digest}, ${reference}, ${direction}, ${amount}, ${bookedAt},
              ${payoutReference}, ${at})
      on conflict (platform_id, main_account_id, digest) do nothing`.execute(db);
  await sql`update bank_poll set next_at = least(next_at, ${at})
             where platform_id = ${platformId} and main_account_id = ${mainAccountId}`.execute(db);
  return numAffectedRows === 1n;
}

/** A notification, held against the bank's line of the same reference. */
export interface BankNotification {
  /** `bnt_…` */
  readonly id: string;
  /** The number of the main account at the bank. */
  readonly mainAccount: string;
  readonly reference: string;
  readonly direction: string;
  readonly amount: bigint;
  readonly bookedAt: Date;
  readonly payoutReference: string | null;
  readonly receivedAt: Date;
  /** `awaited`: the bank has not told the line yet; `agrees`, or `differs` in amount or direction. */
  readonly state: 'awaited' | 'agrees' | 'differs';
  /** What the line has; null while it is awaited. */
  readonly bankEntryId: string | null;
  readonly entryAmount: bigint | null;
  readonly entryDirection: string | null;
}

/** Notifications of a platform, the latest first. */
export async function selectNotifications(
  db: Db,
  platformId: bigint,
  page: {
    state?: BankNotification['state'] | undefined;
    before?: string | undefined;
    limit: number;
  },
): Promise<readonly BankNotification[]> {
  const { state, before, limit } = page;
  const { rows } = await sql<BankNotification>`
    select * from (
      select n.notification_id as id, m.number as "mainAccount", n.reference, n.direction, n.amount,
             n.booked_at as "bookedAt", n.payout_reference as "payoutReference", n.received_at as "receivedAt",
             case when e.bank_entry_id is null then 'awaited'
                  when (e.amount, e.direction) = (n.amount, n.direction) then 'agrees' else 'differs' end as state,
             e.bank_entry_id as "bankEntryId", e.amount as "entryAmount", e.direction as "entryDirection"
        from bank_notification n
        join main_account m on m.platform_id = n.platform_id and m.main_account_id = n.main_account_id
        left join bank_entry e on e.platform_id = n.platform_id and e.main_account_id = n.main_account_id
         and e.reference = case when m.references_per_day
               then to_char(n.booked_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD') || '/' || n.reference
               else n.reference end
       where n.platform_id = ${platformId}
         ${before === undefined ? sql`` : sql`and n.notification_id < ${before}`}) held
     where ${state === undefined ? sql`true` : sql`held.state = ${state}`}
     order by held.id desc limit ${limit}`.execute(db);
  return rows;
}
