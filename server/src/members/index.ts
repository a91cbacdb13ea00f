/** Members (会员): the front door. Everything that other modules may use of it is here. */
export { addMember, type MemberDeps } from './add-member.ts';
export { changeMember } from './change-member.ts';
export * from './errors.ts';
export { identifyMember, readIdentity, renewIdentities } from './identify-member.ts';
export { type Member, type MemberKind, memberTextId, memberUuid } from './member.ts';
export { listMembers, readMember, requireActiveMember } from './read-members.ts';
export { reviewMember } from './review-member.ts';
export { searchMembers } from './search.ts';
export type { MemberChange } from './store.ts';
