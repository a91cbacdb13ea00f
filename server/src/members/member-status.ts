/**
 * What a member may do: an applying one waits for a review; an active one may do all; a restricted one keeps what
 * it has and begins nothing new; a closed one is closed for good.
 */
export const MEMBER_STATUSES = ['applying', 'active', 'restricted', 'closed'] as const;
export type MemberStatus = (typeof MEMBER_STATUSES)[number];

/** What a review decides. */
export const REVIEW_ACTIONS = ['approve', 'reject', 'restrict', 'lift', 'close'] as const;
export type ReviewAction = (typeof REVIEW_ACTIONS)[number];

const TRANSITIONS: Readonly<
  Record<MemberStatus, Readonly<Partial<Record<ReviewAction, MemberStatus>>>>
> = {
  applying: { approve: 'active', reject: 'closed' },
  active: { restrict: 'restricted', close: 'closed' },
  restricted: { lift: 'active', close: 'closed' },
  closed: {},
};

/** The status after a review; undefined when a member of that status is not reviewed so. */
export function reviewedStatus(
  status: MemberStatus,
  action: ReviewAction,
): MemberStatus | undefined {
  return TRANSITIONS[status][action];
}

/** Reads a status from a table. Throws for a text that is none: a constraint of the table keeps those out. */
export function memberStatus(text: string): MemberStatus {
  const status = MEMBER_STATUSES.find((each) => each === text);
  if (!status) throw new RangeError(`not a status of a member: ${text}`);
  return status;
}
