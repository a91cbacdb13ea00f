import type { AccountState } from '../ledger/index.ts';

/** Kinds that platforms open for their members: 交易资金, 保证金. */
export const MEMBER_KINDS = ['trading', 'margin'] as const;
/** Accounts that every main account has: 公共调账, 公共计息收费, 资金初始化. */
const PUBLIC_KINDS = ['suspense', 'interestAndFees', 'opening'] as const;
/** What a virtual account is for. `platform`: the platform's own money. */
export type VirtualAccountKind =
  | (typeof MEMBER_KINDS)[number]
  | (typeof PUBLIC_KINDS)[number]
  | 'platform';

export const VIRTUAL_ACCOUNT_KINDS: readonly VirtualAccountKind[] = [
  ...MEMBER_KINDS,
  ...PUBLIC_KINDS,
  'platform',
];

/** Reads a kind from a table. Throws for a text that is none: a constraint of the table keeps those out. */
export function virtualAccountKind(text: string): VirtualAccountKind {
  const kind = VIRTUAL_ACCOUNT_KINDS.find((each) => each === text);
  if (!kind) throw new RangeError(`not a kind of virtual account: ${text}`);
  return kind;
}

/** True for an account that a main account cannot be without. */
export function isPublicKind(kind: VirtualAccountKind): boolean {
  return PUBLIC_KINDS.some((each) => each === kind);
}

/** A numbered account (虚拟户) as it is now. Minor units of its currency; available = balance − held, and
 * with a judicial freeze what is left of that beyond it. */
export interface VirtualAccount {
  readonly number: string;
  readonly name: string;
  readonly kind: VirtualAccountKind;
  /** The number of its main account at the bank. */
  readonly mainAccount: string;
  /** `mem_…`; null for public accounts and for those that no member has. */
  readonly memberId: string | null;
  readonly currency: string;
  readonly state: AccountState;
  readonly balance: bigint;
  readonly held: bigint;
  readonly available: bigint;
  /** What judicial freezes keep of the balance now, held or not. */
  readonly frozen: bigint;
  readonly overdraftLimit: bigint;
  readonly referenceCode: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAt: Date;
}
