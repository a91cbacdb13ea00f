/**
 * What routes are written with. A module's `routes.ts` imports this file, its own use cases, and nothing
 * else of `http/`.
 *
 *     export const memberRoutes: Routes<{ deps: MemberDeps }> = async (app, { deps }) => {
 *       app.get('/v1/members/:id', {
 *         config: { scope: 'read', problems: [memberNotFound] },
 *         schema: { operationId: 'readMember', summary: 'One member 会员', tags: ['members'],
 *                   params: Type.Object({ id: Id('mem') }), response: { 200: Member } },
 *       }, async ({ platformId, params }) => readMember(deps, { platformId, memberId: params.id }));
 *     };
 *
 * - `request.platformId` (bigint) is the platform of the API key. Pass it to every use case.
 * - `config.scope` is checked before the body is read; the server refuses to start when a /v1 route has none.
 * - `config.problems` are the use case's own refusals, for the API document. Problem answers (400, 401, 403,
 *   404, 409, 422, 429, 503 …) are added to the document for every route: declare success answers only.
 * - Bodies and queries: `Type.Object(…, CLOSED)`, so that an unknown field is an error. In queries, path and
 *   headers, numbers and booleans are read from text; in bodies nothing is converted.
 * - A route that changes something passes `askedBy(request, deps)` on: the audit log names who asked.
 * - A POST that moves money: `headers: IdempotencyHeaders`, `querystring: DryRunQuery`, and
 *   `requestId: requestIdOf(request)` (`api/<key>`; throws `idempotency_key_required`). Do not ask for it on a
 *   dry run. Answer a repeat the same way, after `markReplayed(reply, answer.repeated)`.
 * - Errors: throw `AppError(definition, facts)`; the server turns it into problem+json. A 400 of your own:
 *   `throw invalid('/creditAccount', 'must be another account than debitAccount')`.
 * - Amounts in: `AmountIn` (a JS number; make it `amount(value)`); out: `AmountOut` or `BalanceOut` (bigint).
 *   Times out: `InstantOut` (give the Date itself). Something that may be null: `Nullable(…)`.
 * - A schema with `title: 'Transfer'` (a type's name) is named so in the API document and in clients.
 * - A `pattern` has an `x-allowed` beside it: the same rule in words, which a 400 quotes.
 * - Lists: `Page(Item)` with `...PageQuery`; positions by `positionOf` and `nextCursorOf`.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply } from 'fastify';
import { type Static, type TSchema, Type } from 'typebox';
import type { Origin } from '../audit/index.ts';
import { AppError } from '../kernel/error.ts';
import { INSTANT_ALLOWED, INSTANT_PATTERN } from '../kernel/instant.ts';
import {
  MAX_TEXT,
  NAME_ALLOWED,
  NAME_PATTERN,
  PLAIN_PATTERN,
  TEXT_ALLOWED,
  TEXT_PATTERN,
  textPatternUpTo,
} from '../kernel/text.ts';
import { idempotencyKeyRequired, invalidRequest, scopeMissing } from './errors.ts';
import type { Scope } from './request.ts';

export { type Static, Type } from 'typebox';
export { MAX_TEXT } from '../kernel/text.ts';
export { encodeCursor, nextCursorOf, numberAt, positionOf } from './cursor.ts';
export { PriceIn, PriceOut, priceOfBody } from './price-schema.ts';
export { SCOPES, type Scope } from './request.ts';

/** A module's routes, given what its use cases need. */
export type Routes<Options extends Record<string, unknown>> = FastifyPluginAsyncTypebox<Options>;

/** For objects that arrive: what was not asked for is an error. */
export const CLOSED = { additionalProperties: false } as const;

const MAX_SAFE = Number.MAX_SAFE_INTEGER;

/** Money that arrives: a JSON integer of minor units (CNY: fen), 1 … 2^53 − 1. */
export const AmountIn = Type.Integer({
  minimum: 1,
  maximum: MAX_SAFE,
  description: 'Minor units of the currency (CNY: fen 分)',
  examples: [1250],
});
/** The same, where zero is allowed: limits. */
export const LimitIn = Type.Integer({
  minimum: 0,
  maximum: MAX_SAFE,
  description: 'Minor units of the currency (CNY: fen 分)',
});
/** Money that leaves, positive: a bigint, written as a JSON integer. */
export const AmountOut = Type.Unsafe<bigint>(AmountIn);
/** Money that leaves and may be zero or below: balances and sums. */
export const BalanceOut = Type.Unsafe<bigint>(
  Type.Integer({ description: 'Minor units of the currency (CNY: fen 分)', examples: [125000] }),
);

/** A sum over many of those, which may pass 2^53. */
export const SumOut = Type.Unsafe<bigint>(
  Type.Integer({
    format: 'int64',
    description:
      'A sum in minor units. It is exact in the text, and may pass 2^53 − 1: read it as a 64-bit integer. ' +
      'A parser that makes a double of it rounds it.',
    examples: [125000],
  }),
);

/** The number of a virtual account: 19 digits. */
export const AccountNumber = Type.String({
  pattern: '^[0-9]{19}$',
  description: '19 digits',
  'x-allowed': '19 digits',
  examples: ['8888800000000000017'],
});
/** The number of a real account at a bank: digits and capitals, as in an IBAN or a domestic number. */
export const BankAccountNumber = Type.String({
  pattern: '^[0-9A-Z]{1,34}$',
  description: '1 to 34 digits and capital letters',
  'x-allowed': '1 to 34 digits and capital letters',
  examples: ['8110888020000000017'],
});
/** An ISO 4217 alphabetic code. */
export const CurrencyCode = Type.String({
  pattern: '^[A-Z]{3}$',
  'x-allowed': '3 capital letters',
  examples: ['CNY'],
});

const BASE32 = '[0-9abcdefghjkmnpqrstvwxyz]';
/** The text id of something with a UUID: prefix and 26 digits (`textId`, `uuidOf`). */
export const Id = (prefix: string) => textIdOf(prefix, 26);
/** The text id of a move: prefix and 11 digits (`textMoveId`, `moveIdOf`). */
export const MoveId = (prefix: string) => textIdOf(prefix, 11);

function textIdOf(prefix: string, characters: number) {
  return Type.String({
    pattern: `^${prefix}_${BASE32}{${characters}}$`,
    'x-allowed': `${prefix}_ and ${characters} digits or small letters, as an answer gave it`,
  });
}

/** A moment that arrives: RFC 3339 with an offset, at most milliseconds. */
export const InstantIn = Type.String({
  format: 'date-time',
  pattern: INSTANT_PATTERN,
  description: INSTANT_ALLOWED,
  'x-allowed': INSTANT_ALLOWED,
  examples: ['2026-11-23T08:30:00.000Z'],
});
/** A moment that leaves: a Date, written in UTC with milliseconds. */
export const InstantOut = Type.Unsafe<Date>(Type.String({ format: 'date-time' }));
/** A calendar date, YYYY-MM-DD. */
export const IsoDate = Type.String({
  format: 'date',
  pattern: '^\\d{4}-\\d{2}-\\d{2}$',
  'x-allowed': 'a date of the calendar, YYYY-MM-DD',
  examples: ['2026-11-23'],
});

/**
 * Text for people, with something to see in it; `min: 0` takes an empty or invisible one too. Both without control
 * characters (line breaks are such) and broken Unicode.
 */
export function Text({
  min = 1,
  max,
  ...rest
}: {
  min?: number;
  max: number;
  examples?: string[];
  description?: string;
}) {
  // An empty text passes the pattern: it is told its length, and nothing else.
  const rule =
    min === 0 ? { pattern: PLAIN_PATTERN } : { pattern: TEXT_PATTERN, 'x-allowed': TEXT_ALLOWED };
  return Type.String({ minLength: min, maxLength: max, ...rule, ...rest });
}

/** What somebody or something is called: text that looks like no other name. */
export const Name = Type.String({
  ...{ minLength: 1, maxLength: MAX_TEXT.name },
  ...{ pattern: NAME_PATTERN, 'x-allowed': NAME_ALLOWED },
  description: 'With something to see in it, and nothing that reorders text',
});

const MetadataKey = Type.String({
  pattern: textPatternUpTo(MAX_TEXT.metadataKey),
  'x-allowed':
    'a key has 1 to 40 characters with something to see among them, and no control characters or broken Unicode',
});
/** The platform's own notes: at most 50 keys of at most 40 characters, values of at most 500. */
export const Metadata = Type.Record(MetadataKey, Text({ min: 0, max: MAX_TEXT.metadataValue }), {
  maxProperties: 50,
  additionalProperties: false,
  // For the API document, where a rule for keys stands apart from the one for values.
  propertyNames: MetadataKey,
  description:
    'Your own notes, text by key: at most 50 keys of 1 to 40 characters, values of at most 500; ' +
    'no key of blanks alone, no control characters or broken Unicode',
});
/** Notes as they were stored. */
export const MetadataOut = Type.Unsafe<Readonly<Record<string, string>>>(
  Type.Object({}, { additionalProperties: { type: 'string' } }),
);

/** The same schema, or null. Not a union: the serializer is several times faster with two types. */
export function Nullable<S extends TSchema>(schema: S) {
  const type: unknown = Reflect.get(schema, 'type');
  if (typeof type !== 'string') throw new TypeError('Nullable takes a schema with one type');
  // Among several types the serializer takes only numbers for integers; as `nullable` it takes bigints too.
  if (type === 'integer') return Type.Unsafe<Static<S> | null>({ ...schema, nullable: true });
  return Type.Unsafe<Static<S> | null>({ ...schema, type: [type, 'null'] });
}

/** Query fields of every list: spread into its `Type.Object(…, CLOSED)`. */
export const PageQuery = {
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 50 }),
  cursor: Type.Optional(
    Text({ max: 1000, description: '`nextCursor` of the page before; send the same filters' }),
  ),
};
/** A page of a list. */
export const Page = <S extends TSchema>(item: S) =>
  Type.Object({ data: Type.Array(item), nextCursor: Nullable(Type.String()) });

/** For a POST that moves money. Required, except on a dry run: `requestIdOf` says so. */
export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{1,128}$',
      'x-allowed': '1 to 128 visible ASCII characters',
      description:
        'Your own key for this request: 1 to 128 visible ASCII characters. Required unless dryRun. ' +
        'A repeat with the same key gets the same answer, and money moves once.',
      examples: ['order-20261123-0001'],
    }),
  ),
});
/** For a POST that moves money: decide the same way, and change nothing. */
export const DryRunQuery = Type.Object(
  {
    dryRun: Type.Boolean({
      default: false,
      description: 'Decide the same way, change nothing; an Idempotency-Key is not looked at',
    }),
  },
  CLOSED,
);

/** The request id for the ledger, `api/<key>`. Throws `idempotency_key_required` when there is no key. */
export function requestIdOf(request: {
  headers: { 'idempotency-key'?: string | undefined };
}): string {
  const key = request.headers['idempotency-key'];
  if (key === undefined) throw new AppError(idempotencyKeyRequired, {});
  return `api/${key}`;
}

/**
 * The dependencies of a use case with who asks for it: the API key, and from where. For whatever changes something
 * and writes it down in the audit log.
 */
export function askedBy<Deps extends object>(
  { keyId, ip, id }: { keyId: string; ip: string; id: string },
  deps: Deps,
): Deps & { readonly origin: Origin } {
  return { ...deps, origin: { kind: 'apiKey', name: keyId, address: ip, requestId: id } };
}

/** Throws `scope_missing` unless the key of the request has all of these scopes itself. */
export function requireScopes(
  { scopes: own }: { scopes: ReadonlySet<Scope> | null },
  scopes: readonly Scope[],
): void {
  const scope = scopes.find((each) => !own?.has(each));
  if (scope !== undefined) throw new AppError(scopeMissing, { scope });
}

/** Says on a repeat that this is the answer of before. */
export function markReplayed(reply: FastifyReply, repeated: boolean): void {
  if (repeated) reply.header('idempotent-replayed', 'true');
}

/** A 400 for what a schema cannot say. `pointer`: `/field` in the body, `query/…`, `path/…`, `header/…`. */
export function invalid(pointer: string, detail: string): AppError {
  return new AppError(invalidRequest, { errors: [{ pointer, detail }] });
}

const Titles = Type.Object({ en: Type.String(), zh: Type.String() });
/** RFC 9457 problem details; facts of the error are its extension members. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'A page that explains the error' }),
    title: Type.String({ description: 'In the language of Accept-Language' }),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable: decide by this', examples: ['insufficient_funds'] }),
    detail: Type.Optional(Type.String()),
    requestId: Type.String({ description: 'Names this request in the log of the server' }),
    titles: Titles,
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.String({ examples: ['/amount'] }),
          detail: Type.String({ examples: ['must be an integer from 1'] }),
        }),
      ),
    ),
  },
  { additionalProperties: true, description: 'RFC 9457 problem details' },
);
