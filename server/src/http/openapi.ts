import { STATUS_CODES } from 'node:http';
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { ErrorDefinition, Title } from '../kernel/error.ts';
import { isBodyOptional, STREAMED_TYPES } from './body-parsers.ts';
import { docsRoutes } from './docs-page.ts';
import { bodyTooLarge, mediaTypeUnsupported, requestTimedOut } from './errors.ts';
import { hoistTitled, type Json } from './openapi-schemas.ts';
import { STATUS_OF } from './problem.ts';
import { isRecord, recordOf } from './record.ts';
import { Problem } from './schemas.ts';
import { declared } from './undeclared.ts';

const DESCRIPTION = `Guanjia (管家) keeps virtual accounts for platforms on one real bank account.

Amounts are integers of minor units (CNY: fen 分). Times are UTC, dates are business dates (营业日). What moves
money takes an \`Idempotency-Key\`: a repeat gets the same answer, and money moves once. Errors are RFC 9457
problem details; decide by \`code\`. 金额均为最小货币单位的整数；动账请求须带 Idempotency-Key，重试只处理一次。`;

const TAGS = [
  { name: 'platform', description: 'The platform (平台商户) and its API keys' },
  { name: 'main accounts', description: 'Real accounts at a bank (主体账户)' },
  { name: 'members', description: 'Members (会员) and the accounts they pay from' },
  { name: 'virtual accounts', description: 'Virtual accounts (虚拟户), balances and statements' },
  {
    name: 'settlement cards',
    description: 'Cards of members (结算卡), verified by four factors (四要素)',
  },
  { name: 'transfers', description: 'Transfers (转账) and reversals (冲正)' },
  { name: 'batches', description: 'Many moves in one request (成组)' },
  {
    name: 'freezes',
    description: 'Freezes (冻结), pay-freezes (支付冻结) and what ends them (解冻, 解冻支付)',
  },
  {
    name: 'scheduled transfers',
    description: 'Transfers that are made later (预约转账), once or again and again',
  },
  { name: 'holds', description: 'Holds (冻结), releases (解冻) and captures (扣划)' },
  { name: 'approvals', description: 'What others must agree to before it is done (复核)' },
  {
    name: 'escrow orders',
    description: 'Escrow orders (担保交易), their splits (分账) and refunds (退款)',
  },
  { name: 'judicial freezes', description: 'Orders of courts on accounts (司法冻结)' },
  { name: 'limits', description: 'Limits (限额), and block and allow lists (黑白名单)' },
  { name: 'audit', description: 'The audit log (审计日志)' },
  { name: 'deposits', description: 'Statement imports, bank entries (银行流水) and claims (调账)' },
  {
    name: 'fees',
    description:
      'Fee rules by version, exact quotes, and fees that were charged 费率、试算与手续费',
  },
  {
    name: 'interest',
    description: 'Interest on the balance product: rates, settlements, allocations 利率与结息',
  },
  {
    name: 'rails',
    description: 'Terms of rails, the choice of one, and working days 汇路与工作日历',
  },
  { name: 'events', description: 'What happened, in an order that never changes (事件)' },
  { name: 'webhooks', description: 'Where you are told of events, as Standard Webhooks (推送)' },
];

const REPLAYED = {
  description: 'Only on a repeat: this is the answer of before. A repeated refusal has it too.',
  schema: { type: 'string', const: 'true' },
};

/** What any operation may answer, beside its own refusals. */
const ALWAYS = [400, 401, 403, 503];
/** The answer for statuses without a list of their own. */
const OTHER = 'default';

/** What an operation needs said of it beyond its schemas. */
interface Said {
  readonly problems: readonly ErrorDefinition[];
  /** Where the body is a file: the longest that is taken. */
  readonly fileBytes: number | undefined;
}

/** What any file may be answered with. */
const FILE_PROBLEMS = [requestTimedOut, bodyTooLarge, mediaTypeUnsupported];

/** Adds /openapi.json and /docs, made from the schemas of all routes added later. */
export async function addOpenApi(app: FastifyInstance): Promise<void> {
  const said = new Map<string, Said>();
  app.addHook('onRoute', ({ schema, config }) => {
    const id: unknown = Reflect.get(Object(schema), 'operationId');
    const { problems = [], streamedBody } = config ?? {};
    if (typeof id === 'string') said.set(id, { problems, fileBytes: streamedBody?.limitBytes });
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Guanjia 管家',
        version: '0.1.0',
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: TAGS,
      security: [{ apiKey: [] }],
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: 'An API key, `gj_…`' },
        },
      },
    },
    // Where no schema is declared there is none, whatever the type says.
    transform: ({ schema = {}, url }) => ({ schema: declared(schema), url }),
    transformObject: (document) =>
      'openapiObject' in document ? finish(document.openapiObject, said) : document.swaggerObject,
  });
  let text: string | undefined;
  app.get('/openapi.json', { schema: { hide: true } }, async (_request, reply) => {
    text ??= JSON.stringify(app.swagger());
    return reply.header('content-type', 'application/json; charset=utf-8').send(text);
  });
  await app.register(docsRoutes);
}

/** Adds problem answers to every operation, and names the schemas that have a title. */
function finish<Document>(document: Document, said: ReadonlyMap<string, Said>): Document {
  const copy: unknown = JSON.parse(JSON.stringify(document));
  if (!isRecord(copy)) return document;
  const examples: Record<string, Json> = {};
  const schemas: Record<string, Json> = { Problem: JSON.parse(JSON.stringify(Problem)) };
  for (const path of Object.values(recordOf(copy['paths']))) {
    for (const operation of Object.values(recordOf(path)).filter(isRecord)) {
      optionalWhenDefaulted(operation);
      optionalBody(operation);
      addReplayed(operation);
      const { problems = [], fileBytes } = said.get(String(operation['operationId'])) ?? {};
      if (fileBytes !== undefined) operation['requestBody'] = fileOf(fileBytes);
      const own = fileBytes === undefined ? problems : [...problems, ...FILE_PROBLEMS];
      addProblems(operation, own, examples);
    }
  }
  copy['paths'] = hoistTitled(copy['paths'], schemas);
  const components = isRecord(copy['components']) ? copy['components'] : {};
  copy['components'] = { ...components, schemas, examples };
  return copy as Document; // the same document, with more in it
}

/** A field with a default is asked for in code, and optional on the wire. */
function optionalWhenDefaulted(operation: Record<string, unknown>): void {
  const parameters = operation['parameters'];
  for (const parameter of Array.isArray(parameters) ? parameters.filter(isRecord) : []) {
    if (recordOf(parameter['schema'])['default'] !== undefined) parameter['required'] = false;
  }
}

/** What requires no field may be left out as a whole. */
function optionalBody(operation: Record<string, unknown>): void {
  const { requestBody } = operation;
  const json = recordOf(recordOf(recordOf(requestBody)['content'])['application/json']);
  if (isRecord(requestBody) && isBodyOptional(json['schema'])) requestBody['required'] = false;
}

/** A file as the body. It has no schema, as OpenAPI 3.1 wants it of bytes. */
function fileOf(limitBytes: number) {
  return {
    required: true,
    description:
      `The file itself, at most ${limitBytes} bytes: not in a form, not in JSON, and not compressed. ` +
      'Any of these media types says the same; the file tells its format 请求体即文件本身',
    content: Object.fromEntries(STREAMED_TYPES.map((type) => [type, {}])),
  };
}

/** What takes an idempotency key says on a repeat that its answer is the one of before (`markReplayed`). */
function addReplayed(operation: Record<string, unknown>): void {
  const parameters = operation['parameters'];
  const headers = (Array.isArray(parameters) ? parameters.filter(isRecord) : []).filter(
    (parameter) => parameter['in'] === 'header',
  );
  if (!headers.some(({ name }) => name === 'idempotency-key')) return;
  for (const response of Object.values(recordOf(operation['responses'])).filter(isRecord)) {
    response['headers'] = { 'Idempotent-Replayed': REPLAYED };
  }
}

function addProblems(
  operation: Record<string, unknown>,
  own: readonly ErrorDefinition[],
  examples: Record<string, Json>,
): void {
  const responses = isRecord(operation['responses']) ? operation['responses'] : {};
  for (const [status, response] of Object.entries(responses)) {
    if (isRecord(response)) response['description'] = STATUS_CODES[status] ?? 'Done';
  }
  for (const { code, title, kind } of own) examples[code] = exampleOf(code, title, STATUS_OF[kind]);
  const statuses = new Set([...ALWAYS, ...own.map(({ kind }) => STATUS_OF[kind])]);
  for (const status of [...statuses].sort((a, b) => a - b)) {
    const here = own.filter(({ kind }) => STATUS_OF[kind] === status);
    responses[String(status)] = problemResponse(status, here);
  }
  responses[OTHER] = problemResponse(undefined, []);
  operation['responses'] = responses;
}

function problemResponse(status: number | undefined, own: readonly ErrorDefinition[]) {
  const examples = own.map(({ code }): [string, Json] => [
    code,
    { $ref: `#/components/examples/${code}` },
  ]);
  const media = { schema: { $ref: '#/components/schemas/Problem' } };
  const retryAfter = {
    'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' } },
  };
  return {
    description: descriptionOf(status, own),
    ...(status === 503 ? { headers: retryAfter } : {}),
    content: {
      'application/problem+json':
        examples.length > 0 ? { ...media, examples: Object.fromEntries(examples) } : media,
    },
  };
}

function exampleOf(code: string, title: Title, status: number) {
  return {
    value: {
      ...{ type: `/problems/${code}`, title: title.en, status, code },
      ...{ requestId: 'req_5f1c0a9be2d4_1', titles: title },
    },
  };
}

function descriptionOf(status: number | undefined, own: readonly ErrorDefinition[]): string {
  if (own.length > 0)
    return own.map(({ code, title }) => `\`${code}\`: ${title.en} (${title.zh})`).join('\n\n');
  switch (status) {
    case 400:
      return '`invalid_request`, `malformed_json`: `errors` says where, and what is allowed (请求格式有误)';
    case 401:
      return '`unauthenticated`: a valid API key is needed (需要有效的 API 密钥)';
    case 403:
      return '`scope_missing`: the key may not do this (密钥无此权限)';
    case 503:
      return '`busy`, `database_unavailable`, `outcome_unknown`: repeat with the same key after Retry-After (请稍后用同一请求号重试)';
    default:
      return 'Any other problem (其他错误)';
  }
}
