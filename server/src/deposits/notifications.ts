import { digestOfSigned, isSignedBy, readNotifySecret } from '../banking/index.ts';
import { isAmount } from '../kernel/amount.ts';
import { parseDecimal } from '../kernel/decimal.ts';
import { AppError } from '../kernel/error.ts';
import { parseInstant } from '../kernel/instant.ts';
import type { Sealer } from '../sealing/index.ts';
import { readMainAccountRecord } from '../virtual-accounts/index.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { bankSignatureWrong } from './errors.ts';
import { insertNotification } from './notification-store.ts';

/** What taking notifications needs. */
export type NotificationDeps = Pick<DepositDeps, 'db' | 'clock' | 'newUuid'> & {
  readonly sealer: Sealer;
};

/** What a bank sends, as it sends it. */
export interface SentNotification {
  readonly account: string;
  readonly cursor: string;
  readonly reference: string;
  readonly direction: 'credit' | 'debit';
  /** Decimal text in the major unit, such as `12.30`. */
  readonly amount: string;
  readonly bookedAt: string;
  readonly payoutReference: string | null;
}

/**
 * Takes a bank's notification of a line: keeps it, once however often it comes, and has the bank asked for its lines
 * now. No money moves by it: what the bank then says is what counts, so that a wrong, late or repeated notification
 * does no harm. Undefined when amount or time is none. Says whether it was new.
 *
 * Throws AppError: `bank_signature_wrong`, also for an account that is not connected; `seal_key_missing`.
 */
export async function takeNotification(
  deps: NotificationDeps,
  platformId: bigint,
  { sent, signature }: { sent: SentNotification; signature: string },
): Promise<{ isNew: boolean } | undefined> {
  const { db, clock, newUuid } = deps;
  const fields = { ...sent };
  const main = await readMainAccountRecord(db, platformId, sent.account);
  const secret = main && (await readNotifySecret(deps, platformId, main.mainAccountId));
  if (!main || secret === undefined || !isSignedBy(secret, fields, signature)) {
    throw new AppError(bankSignatureWrong, {});
  }
  const parsed = parseDecimal(sent.amount, main.currency);
  const bookedAt = parseInstant(sent.bookedAt);
  if (!parsed.ok || !isAmount(parsed.minorUnits) || !bookedAt) return undefined;
  const { reference, direction, payoutReference } = sent;
  const { mainAccountId } = main;
  const isNew = await insertNotification(db, platformId, {
    ...{ id: newUuid(), digest: digestOfSigned(fields), at: clock.now() },
    notified: {
      ...{ mainAccountId, reference, direction, amount: parsed.minorUnits },
      ...{ bookedAt, payoutReference },
    },
  });
  return { isNew };
}
