import { textId, uuidOf } from '../kernel/id.ts';

const STATES = [
  ...(['recorded', 'credited', 'suspended', 'claimed', 'debited'] as const),
  ...(['paid_out', 'payout_returned'] as const),
] as const;
/** What was done with a bank entry: see 0007 and 0021; one without a posting is `recorded`. */
export type BankEntryState = (typeof STATES)[number];
/** All states, in the order of an entry's life. */
export const BANK_ENTRY_STATES: readonly BankEntryState[] = STATES;

/** Reads a state from a table. Throws for a text that is none: a constraint of the table keeps those out. */
export function bankEntryState(text: string): BankEntryState {
  const state = STATES.find((each) => each === text);
  if (!state) throw new RangeError(`not a state of a bank entry: ${text}`);
  return state;
}

/** The text id of a bank entry, and the UUID behind it. */
export const entryTextId = (uuid: string): string => textId('ben', uuid);
export const entryUuid = (text: string): string | undefined => uuidOf('ben', text);

/** The text id of an import, and the UUID behind it. */
export const importTextId = (uuid: string): string => textId('imp', uuid);
export const importUuid = (text: string): string | undefined => uuidOf('imp', text);

/** Digits of a UUID before its last four bytes, as text with hyphens. */
const SHARED_CHARACTERS = 28;

/** The ids that the entries of an import can have: its own, with the number of the line in the last four bytes. */
export function entryIdRange(importId: string): { readonly first: string; readonly last: string } {
  const shared = importId.slice(0, SHARED_CHARACTERS);
  return { first: `${shared}00000000`, last: `${shared}ffffffff` };
}

/** The id of one entry of an import. `serial` counts from 1: the lowest id is nobody's. */
export function entryIdAt(importId: string, serial: number): string {
  return importId.slice(0, SHARED_CHARACTERS) + serial.toString(16).padStart(8, '0');
}

/** The bank's line (银行流水), as people and programs see it. Amounts are positive minor units. */
export interface BankEntry {
  /** `ben_…` */
  readonly id: string;
  /** `imp_…`: the file that it came with. */
  readonly import: string;
  /** The number of the main account at the bank. */
  readonly mainAccount: string;
  readonly position: number;
  readonly kind: 'line' | 'opening_balance';
  readonly direction: 'credit' | 'debit';
  readonly reversal: boolean;
  readonly amount: bigint;
  readonly currency: string;
  readonly bookingDate: string;
  readonly valueDate: string | null;
  readonly reference: string;
  readonly referenceSource: 'bank' | 'derived';
  readonly creditedAccount: string | null;
  readonly counterpartyName: string | null;
  readonly counterpartyAccount: string | null;
  readonly remittance: string;
  readonly references: readonly string[];
  readonly bankCode: string | null;
  readonly state: BankEntryState;
  /** Why it went where it went; null while it is not posted, and for debits. */
  readonly matchReason: string | null;
  /** The virtual account that it is for, where that one could not be credited; null otherwise. */
  readonly matchedAccount: string | null;
  /** The virtual account that has the money, suspense included; null for debits and what is not posted. */
  readonly account: string | null;
  /** The number of the transfer from bank clearing (or to it); null while it is not posted. */
  readonly transferId: bigint | null;
  readonly claimCount: number;
}
