import { defineError } from '../kernel/error.ts';

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
