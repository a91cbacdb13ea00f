import { defineError, type FieldError } from '../kernel/error.ts';

/** Something in the request is not of the form that the operation asks for. */
export const invalidRequest = defineError<{ errors: readonly FieldError[] }>()({
  code: 'invalid_request',
  kind: 'invalid',
  title: { en: 'The request is not well-formed', zh: '请求格式有误' },
  remedy: {
    en: 'Correct what `errors` names: each one says where, and what is allowed there.',
    zh: '请按 errors 逐项更正：每项都说明了位置和允许的取值。',
  },
});

/** The body is not JSON. `position` is the first character that is wrong, from 0, where it is known. */
export const malformedJson = defineError<{ reason: string; position?: number }>()({
  code: 'malformed_json',
  kind: 'invalid',
  title: { en: 'The body is not valid JSON', zh: '请求体不是有效的 JSON' },
  remedy: {
    en: 'Send one JSON object in UTF-8; `position` says where reading stopped.',
    zh: '请发送一个 UTF-8 编码的 JSON 对象；position 指出解析停止的位置。',
  },
});

/** A request that moves money came without its key. */
export const idempotencyKeyRequired = defineError()({
  code: 'idempotency_key_required',
  kind: 'invalid',
  title: { en: 'The Idempotency-Key header is missing', zh: '缺少 Idempotency-Key 请求头' },
  remedy: {
    en: 'Send a key of your own with every request that moves money, and the same key when you repeat it.',
    zh: '每个动账请求都须带上自定的请求号；重试时使用同一请求号。',
  },
});

/** No API key, or one that is unknown, wrong or revoked: which of them is not said. */
export const unauthenticated = defineError()({
  code: 'unauthenticated',
  kind: 'unauthenticated',
  title: { en: 'A valid API key is needed', zh: '需要有效的 API 密钥' },
  remedy: {
    en: 'Send `Authorization: Bearer <api key>` with a key that is not revoked.',
    zh: '请在请求头中发送 Authorization: Bearer <API 密钥>，且密钥未被吊销。',
  },
});

/** The key is good, but not for this. */
export const scopeMissing = defineError<{ scope: string }>()({
  code: 'scope_missing',
  kind: 'forbidden',
  title: { en: 'The API key may not do this', zh: 'API 密钥无此权限' },
  remedy: {
    en: 'Use a key that has the scope named in `scope`.',
    zh: '请使用具有 scope 所示权限的密钥。',
  },
});

/** There is nothing at this address. */
export const routeNotFound = defineError<{ method: string; path: string }>()({
  code: 'route_not_found',
  kind: 'not_found',
  title: { en: 'There is nothing at this address', zh: '地址不存在' },
  remedy: {
    en: 'Compare method and path with /docs or /openapi.json.',
    zh: '请对照 /docs 或 /openapi.json 检查方法与路径。',
  },
});

/** The address exists, with other methods. */
export const methodNotAllowed = defineError<{ method: string; allowed: readonly string[] }>()({
  code: 'method_not_allowed',
  kind: 'method_not_allowed',
  title: { en: 'The address does not take this method', zh: '该地址不支持此方法' },
  remedy: {
    en: 'Use one of the methods in `allowed`.',
    zh: '请使用 allowed 所列的方法。',
  },
});

/** The body is larger than the operation takes. */
export const bodyTooLarge = defineError<{ limitBytes?: number }>()({
  code: 'body_too_large',
  kind: 'too_large',
  title: { en: 'The body is too large', zh: '请求体过大' },
  remedy: {
    en: 'Send less at a time: divide a batch, or import a statement in parts.',
    zh: '请减少单次发送的数据：拆分批次，或分段导入对账单。',
  },
});

/** The request line, or the headers together, are longer than is read. */
export const headersTooLarge = defineError<{ limitBytes: number }>()({
  code: 'headers_too_large',
  kind: 'headers_too_large',
  title: { en: 'The headers or the address are too long', zh: '请求头或地址过长' },
  remedy: {
    en: 'Send shorter headers and a shorter address.',
    zh: '请缩短请求头和地址。',
  },
});

/** The body is in a format, a charset or a packing that the operation does not read. */
export const mediaTypeUnsupported = defineError<{ received: string; allowed: readonly string[] }>()(
  {
    code: 'media_type_unsupported',
    kind: 'unsupported',
    title: { en: 'The body is of a type that is not read here', zh: '不支持该内容类型' },
    remedy: {
      en: 'Send a Content-Type of those in `allowed`, and nothing compressed; JSON in UTF-8.',
      zh: '请使用 allowed 所列的 Content-Type，且不要压缩；JSON 须为 UTF-8 编码。',
    },
  },
);

/** The request did not arrive in time. */
export const requestTimedOut = defineError()({
  code: 'request_timed_out',
  kind: 'timed_out',
  title: { en: 'The request did not arrive in time', zh: '请求未在时限内到达' },
  remedy: {
    en: 'Nothing was done. Send the whole request without long pauses.',
    zh: '未作任何处理。请连续发送完整请求。',
  },
});

/** A fault of ours. What happened is in the server's log, under the request id. */
export const internalError = defineError()({
  code: 'internal_error',
  kind: 'internal',
  title: { en: 'The server failed', zh: '服务内部错误' },
  remedy: {
    en: 'Repeat the request with the same key; if it fails again, report the requestId.',
    zh: '请用同一请求号重试；若仍失败，请提供 requestId 以便排查。',
  },
});
