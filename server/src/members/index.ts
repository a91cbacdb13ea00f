/** Members (会员): the front door. Everything that other modules may use of it is here. */
export { addMember, type MemberDeps } from './add-member.ts';
export { changeMember } from './change-member.ts';
export * from './errors.ts';
export { type Member, type MemberKind, memberTextId, memberUuid } from './member.ts';
export { listMembers, readMember } from './read-members.ts';
export type { MemberChange } from './store.ts';
