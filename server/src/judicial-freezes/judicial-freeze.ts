import { textId, uuidOf } from '../kernel/id.ts';
import type { AccountId } from '../ledger/index.ts';

/** What a court or another authority has written: who, under which number, and why. */
export interface CourtOrder {
  readonly authority: string;
  readonly orderNumber: string;
  readonly reason: string;
}

/** A freeze as its table has it. Minor units; without an amount it is the whole account. */
export interface FreezeRow extends CourtOrder {
  readonly uuid: string;
  readonly accountId: AccountId;
  readonly amount: bigint | null;
  readonly placedAt: Date;
  readonly placedBy: string;
  readonly lift: (CourtOrder & Lift) | null;
  /** What orders that came before it and still stand keep of the account. */
  readonly earlier: bigint;
}

/** When, by whom, and by which request something was lifted. */
export interface Lift {
  readonly at: Date;
  readonly by: string;
  readonly requestId: string;
}

/** A judicial freeze (司法冻结) as it is shown. Minor units. */
export interface JudicialFreeze extends CourtOrder {
  /** `jfz_…` */
  readonly id: string;
  /** The number of the account. */
  readonly account: string;
  readonly currency: string;
  readonly scope: 'amount' | 'account';
  /** Null: the whole account. */
  readonly amount: bigint | null;
  readonly state: 'standing' | 'lifted';
  /** What it keeps of the balance now: orders that came before it take first. */
  readonly caught: bigint;
  /** What it still waits for. Null: the whole account, whatever arrives. */
  readonly awaited: bigint | null;
  readonly placedAt: Date;
  readonly placedBy: string;
  readonly lift: (CourtOrder & Omit<Lift, 'requestId'>) | null;
}

/** What a freeze keeps of a balance, behind the orders that came before it. */
function caughtOf(
  { amount, earlier, lift }: Pick<FreezeRow, 'amount' | 'earlier' | 'lift'>,
  balance: bigint,
): bigint {
  const left = balance - earlier;
  if (lift || left <= 0n) return 0n;
  return amount !== null && amount < left ? amount : left;
}

/** The freeze as it is shown, with the account's balance as it is now. */
export function freezeView(
  row: FreezeRow,
  account: { readonly number: string; readonly currency: string; readonly balance: bigint },
): JudicialFreeze {
  const { uuid, amount, authority, orderNumber, reason, placedAt, placedBy, lift } = row;
  const caught = caughtOf(row, account.balance);
  const awaited = lift ? 0n : amount === null ? null : amount - caught;
  return {
    ...{ id: freezeTextId(uuid), account: account.number, currency: account.currency },
    ...{ scope: amount === null ? 'account' : 'amount', amount },
    ...{ state: lift ? 'lifted' : 'standing', caught, awaited },
    ...{ authority, orderNumber, reason, placedAt, placedBy },
    lift: lift && {
      ...{ authority: lift.authority, orderNumber: lift.orderNumber, reason: lift.reason },
      ...{ at: lift.at, by: lift.by },
    },
  };
}

export const freezeTextId = (uuid: string): string => textId('jfz', uuid);
export const freezeUuid = (text: string): string | undefined => uuidOf('jfz', text);
