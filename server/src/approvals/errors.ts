import { defineError } from '../kernel/error.ts';

/** The platform has no approval with that id. */
export const approvalNotFound = defineError<{ approval: string }>()({
  code: 'approval_not_found',
  kind: 'not_found',
  title: { en: 'There is no such approval', zh: '复核单不存在' },
  remedy: { en: 'Use an `id` from the list of approvals.', zh: '请使用复核列表中的 id。' },
});

/** It is decided, withdrawn or expired already. `state` is what it is now. */
export const approvalNotPending = defineError<{ approval: string; state: string }>()({
  code: 'approval_not_pending',
  kind: 'conflict',
  title: { en: 'The approval waits for nobody any more', zh: '复核单已不在待复核状态' },
  remedy: {
    en: 'Read the approval. To ask again, send the request with another Idempotency-Key.',
    zh: '请查询该复核单；如需重新申请，请更换 Idempotency-Key 再次提交。',
  },
});

/** Nobody approves or rejects what they asked for themselves. */
export const checkerIsMaker = defineError<{ approval: string }>()({
  code: 'checker_is_maker',
  kind: 'forbidden',
  title: { en: 'The maker cannot be the checker', zh: '经办人不得复核自己的申请' },
  remedy: {
    en: 'Let somebody with another API key decide; the maker may withdraw it.',
    zh: '请由持有其他 API 密钥的人复核；经办人可撤回。',
  },
});

/** A checker decides once. */
export const alreadyDecided = defineError<{ approval: string }>()({
  code: 'already_decided',
  kind: 'conflict',
  title: { en: 'This key has decided already', zh: '该密钥已复核过' },
  remedy: { en: 'Another checker has to decide.', zh: '须由其他复核人处理。' },
});

/** Only who asked may withdraw. */
export const notTheMaker = defineError<{ approval: string }>()({
  code: 'not_the_maker',
  kind: 'forbidden',
  title: { en: 'Only the maker can withdraw a request', zh: '仅经办人可撤回申请' },
  remedy: {
    en: 'Reject it instead, with a key that may decide.',
    zh: '请改用有复核权限的密钥拒绝。',
  },
});

/** The request was rejected, withdrawn or expired, or could not be carried out. */
export const approvalNotGranted = defineError<{
  approval: string;
  state: string;
  failure?: string;
}>()({
  code: 'approval_not_granted',
  kind: 'refused',
  title: { en: 'The request was not approved', zh: '申请未获批准' },
  remedy: {
    en: 'Read the approval for the reason. To ask again, use another Idempotency-Key.',
    zh: '请查询复核单了解原因；如需重新申请，请更换 Idempotency-Key。',
  },
});
