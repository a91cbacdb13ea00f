import { defineError, type FieldError } from '../kernel/error.ts';

/** The platform has no member of that id. */
export const memberNotFound = defineError<{ memberId: string; field?: string }>()({
  code: 'member_not_found',
  kind: 'not_found',
  title: { en: 'The member does not exist', zh: '会员不存在' },
  remedy: {
    en: 'Check the member id: it is one of this platform, as `mem_…`.',
    zh: '请检查会员编号：须为本平台的会员，形如 mem_…。',
  },
});

/** Another member has this reference. */
export const memberReferenceTaken = defineError<{ reference: string }>()({
  code: 'member_reference_taken',
  kind: 'conflict',
  title: { en: 'Another member has this reference', zh: '该外部编号已被其他会员使用' },
  remedy: {
    en: 'List members by this reference: it may be the same member, added before.',
    zh: '请按该编号查询会员：可能是此前已添加的同一会员。',
  },
});

/** What was said to identify the member cannot be right, or is not for its kind. Values are not repeated. */
export const memberIdentityInvalid = defineError<{ errors: readonly FieldError[] }>()({
  code: 'member_identity_invalid',
  kind: 'invalid',
  title: { en: 'What identifies the member is not valid', zh: '会员身份信息无效' },
  remedy: {
    en: 'Correct the fields of `errors`: identity numbers, credit codes and mobiles are checked by form and check digit.',
    zh: '请更正 errors 所列字段：证件号码、统一社会信用代码与手机号均校验格式与校验位。',
  },
});

/** Nothing that identifies the member is kept. */
export const memberIdentityMissing = defineError<{ memberId: string }>()({
  code: 'member_identity_missing',
  kind: 'not_found',
  title: { en: 'The member is not identified yet', zh: '会员尚未登记身份信息' },
  remedy: {
    en: 'Send it with PUT /v1/members/{id}/identity.',
    zh: '请通过 PUT /v1/members/{id}/identity 登记。',
  },
});

/** The member is closed for good: nothing about who it is is changed any more. */
export const memberClosed = defineError<{ memberId: string }>()({
  code: 'member_closed',
  kind: 'refused',
  title: { en: 'The member is closed', zh: '会员已注销' },
  remedy: { en: 'Add the member anew.', zh: '请重新添加会员。' },
});

/** Only an active member may begin something new. */
export const memberNotActive = defineError<{
  memberId: string;
  memberStatus: string;
  field?: string;
}>()({
  code: 'member_not_active',
  kind: 'refused',
  title: { en: 'The member is not active', zh: '会员状态不允许该操作' },
  remedy: {
    en: 'Review the member first: approve an application, or lift a restriction. A closed one stays closed.',
    zh: '请先审核会员：通过申请或解除限制；已注销的会员不可恢复。',
  },
});

/** A member of this status is not reviewed so. */
export const memberReviewRefused = defineError<{
  memberId: string;
  memberStatus: string;
  action: string;
}>()({
  code: 'member_review_refused',
  kind: 'refused',
  title: {
    en: 'The review does not fit the status of the member',
    zh: '该审核操作与会员当前状态不符',
  },
  remedy: {
    en: 'To approve or reject is for applying members, to restrict for active ones, to lift for restricted ones, to close for both.',
    zh: '通过、驳回适用于申请中的会员；限制适用于正常会员；解除限制适用于受限会员；注销适用于后两者。',
  },
});
