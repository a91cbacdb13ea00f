import { textId, uuidOf } from '../kernel/id.ts';
import { memberTextId } from '../members/index.ts';

/** A card (结算卡) that a member may be paid to once it is active. Nothing of it is in the clear. */
export interface SettlementCard {
  /** `crd_…` */
  readonly id: string;
  readonly memberId: string;
  readonly state: 'awaitingCode' | 'active' | 'replaced' | 'unbound';
  /** Such as 621626****0018. */
  readonly cardNumber: string;
  readonly holderName: string;
  /** Where the code was sent. */
  readonly mobile: string;
  readonly codeExpiresAt: Date;
  readonly createdAt: Date;
  readonly activatedAt: Date | null;
  readonly unboundAt: Date | null;
}

/** The row of a card. */
export interface CardRow {
  readonly card_id: string;
  readonly member_id: string;
  readonly state: string;
  readonly masked_number: string;
  readonly masked_name: string;
  readonly masked_mobile: string;
  readonly code_hash: Buffer;
  readonly code_expires_at: Date;
  readonly code_tries: number;
  readonly created_at: Date;
  readonly activated_at: Date | null;
  readonly unbound_at: Date | null;
}

/** How often a code may be entered. */
export const CODE_TRIES = 5;
/** So long a code is good. */
export const CODE_MS = 5 * 60_000;

/** The text form of a card's UUID. */
export const cardTextId = (uuid: string): string => textId('crd', uuid);
/** The UUID behind `crd_…`; undefined when the text is no card's id. */
export const cardUuid = (text: string): string | undefined => uuidOf('crd', text);

/** A card as it is told. Throws for a state that is none: a constraint of the table keeps those out. */
export function toCard(row: CardRow): SettlementCard {
  const state = STATES[row.state];
  if (!state) throw new RangeError(`not a state of a card: ${row.state}`);
  return {
    id: cardTextId(row.card_id),
    memberId: memberTextId(row.member_id),
    state,
    cardNumber: row.masked_number,
    holderName: row.masked_name,
    mobile: row.masked_mobile,
    codeExpiresAt: row.code_expires_at,
    createdAt: row.created_at,
    activatedAt: row.activated_at,
    unboundAt: row.unbound_at,
  };
}

const STATES: Readonly<Record<string, SettlementCard['state']>> = {
  ...{ awaiting_code: 'awaitingCode', active: 'active' },
  ...{ replaced: 'replaced', unbound: 'unbound' },
};
