import { defineError } from '../kernel/error.ts';

/** The lane is full: nothing was done. */
export const busy = defineError<{ retryAfterSeconds: number }>()({
  code: 'busy',
  kind: 'unavailable',
  title: { en: 'Too many requests are waiting', zh: '等待处理的请求过多' },
  remedy: {
    en: 'Nothing was done. Repeat the request with the same key after the time in Retry-After.',
    zh: '未作任何处理。请在 Retry-After 所示时间后用同一请求号重试。',
  },
});

/** The database cannot be reached: nothing was done. */
export const databaseUnavailable = defineError<{ retryAfterSeconds: number }>()({
  code: 'database_unavailable',
  kind: 'unavailable',
  title: { en: 'The database cannot be reached now', zh: '数据库暂时不可用' },
  remedy: {
    en: 'Nothing was done. Repeat the request with the same key after the time in Retry-After.',
    zh: '未作任何处理。请在 Retry-After 所示时间后用同一请求号重试。',
  },
});

/** The connection broke during the commit: it was done or it was not, and the same request id will tell. */
export const outcomeUnknown = defineError<{ retryAfterSeconds: number }>()({
  code: 'outcome_unknown',
  kind: 'unknown',
  title: { en: 'Whether it was done is not known yet', zh: '处理结果暂时未知' },
  remedy: {
    en: 'Repeat the request with the same key: it is done once, and the answer says what happened.',
    zh: '请用同一请求号重试:只会处理一次,应答即为最终结果。',
  },
});
