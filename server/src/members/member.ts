import { textId, uuidOf } from '../kernel/id.ts';
import type { MemberStatus } from './member-status.ts';

/** A person, a sole trader or a company under a platform (会员). `platform` is the platform itself. */
export interface Member {
  /** `mem_…` */
  readonly id: string;
  readonly kind: MemberKind;
  /** What the platform calls the member. Not sealed: the legal name is kept apart. */
  readonly name: string;
  readonly status: MemberStatus;
  /** The platform's own key for the member; unique in the platform. */
  readonly reference: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAt: Date;
}

/** Kinds of members. */
export const MEMBER_KINDS = ['person', 'sole_trader', 'company', 'platform'] as const;
export type MemberKind = (typeof MEMBER_KINDS)[number];

/** Reads a kind from a table. Throws for a text that is none: a constraint of the table keeps those out. */
export function memberKind(text: string): MemberKind {
  const kind = MEMBER_KINDS.find((each) => each === text);
  if (!kind) throw new RangeError(`not a kind of member: ${text}`);
  return kind;
}

/** The text form of a member's UUID. */
export const memberTextId = (uuid: string): string => textId('mem', uuid);
/** The UUID behind `mem_…`; undefined when the text is no member's id. */
export const memberUuid = (text: string): string | undefined => uuidOf('mem', text);
