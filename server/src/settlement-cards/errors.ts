import { defineError, type FieldError, type Title } from '../kernel/error.ts';

/** The platform has no provider that compares cards with what banks have. */
export const verificationUnavailable = defineError()({
  code: 'verification_unavailable',
  kind: 'refused',
  title: { en: 'Cards cannot be verified for this platform', zh: '该平台未接入银行卡鉴权' },
  remedy: {
    en: 'Only sandbox platforms have providers in this version.',
    zh: '本版本仅沙箱平台提供鉴权渠道。',
  },
});

/** A factor has a form that no bank has: nobody was asked. */
export const cardFactorsInvalid = defineError<{ errors: readonly FieldError[] }>()({
  code: 'card_factors_invalid',
  kind: 'invalid',
  title: { en: 'The details of the card have a mistake', zh: '银行卡信息填写有误' },
  remedy: {
    en: 'Correct the named fields. No try was counted.',
    zh: '请更正所列字段。本次不计入验证次数。',
  },
});

/** The bank's data differ, or nobody could tell: `verdict` says which, `cause` what it is, `advice` what to do. */
export const cardNotVerified = defineError<{
  verdict: string;
  cause: string;
  confidence: string;
  advice: Title;
}>()({
  code: 'card_not_verified',
  kind: 'refused',
  title: { en: 'The card could not be verified', zh: '银行卡验证未通过' },
  remedy: {
    en: 'Show the member the sentence in `advice`, and bind again with another Idempotency-Key.',
    zh: '请向会员展示 advice 中的说明，更正后使用新的 Idempotency-Key 重新绑卡。',
  },
});

/** Too many tries for the member, the card or the identity number (`limitedBy`). */
export const cardTriesExceeded = defineError<{ limitedBy: string; retryAt: Date }>()({
  code: 'card_tries_exceeded',
  kind: 'refused',
  title: { en: 'Too many tries', zh: '验证次数过多' },
  remedy: {
    en: 'Try again at `retryAt`. Trying before then changes nothing.',
    zh: '请在 retryAt 之后再试；此前重试无效。',
  },
});

/** A request with this key is being worked on, or was cut off by a stop of the server. */
export const cardAttemptRunning = defineError()({
  code: 'card_attempt_running',
  kind: 'conflict',
  title: { en: 'This request has no outcome', zh: '该请求尚无结果' },
  remedy: {
    en: 'Repeat it in half a minute. When it still has none, bind again with another key.',
    zh: '请半分钟后重试；如仍无结果，请使用新的 Idempotency-Key 重新绑卡。',
  },
});

/** The member has bound this card. */
export const cardBound = defineError<{ cardId: string }>()({
  code: 'card_bound',
  kind: 'conflict',
  title: { en: 'The member has bound this card already', zh: '该会员已绑定此卡' },
  remedy: { en: 'Use the card of that id.', zh: '请直接使用该编号的结算卡。' },
});

/** The platform has no card of that id. */
export const settlementCardNotFound = defineError<{ cardId: string }>()({
  code: 'settlement_card_not_found',
  kind: 'not_found',
  title: { en: 'The settlement card does not exist', zh: '结算卡不存在' },
  remedy: { en: 'List the settlement cards of the member.', zh: '请查询该会员的结算卡列表。' },
});

/** The code is another. */
export const cardCodeWrong = defineError<{ triesLeft: number }>()({
  code: 'card_code_wrong',
  kind: 'refused',
  title: { en: 'The code is wrong', zh: '短信验证码错误' },
  remedy: {
    en: 'Enter the code of the last message. After the last try, bind the card again.',
    zh: '请输入最近一条短信中的验证码；次数用尽后请重新绑卡。',
  },
});

/** The code is too old, was tried too often, or belongs to a binding that is over. */
export const cardCodeExpired = defineError()({
  code: 'card_code_expired',
  kind: 'refused',
  title: { en: 'The code is no longer good', zh: '短信验证码已失效' },
  remedy: { en: 'Bind the card again: a new code is sent.', zh: '请重新绑卡以获取新的验证码。' },
});
