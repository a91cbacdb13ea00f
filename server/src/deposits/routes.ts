import * as banking from '../banking/errors.ts';
import { checkCsvMapping, type StatementFileOptions } from '../banking/index.ts';
import {
  CLOSED,
  CurrencyCode,
  Id,
  invalid,
  nextCursorOf,
  Page,
  PageQuery,
  positionOf,
  type Routes,
  type Static,
  Text,
  Type,
} from '../http/schemas.ts';
import { isCurrency } from '../kernel/currency.ts';
import { CHARSET_ALLOWED, isCharset } from '../kernel/text.ts';
import { busy, databaseUnavailable, outcomeUnknown } from '../ledger/index.ts';
import { mainAccountNotFound } from '../virtual-accounts/index.ts';
import { importUuid } from './bank-entry.ts';
import type { DepositDeps } from './deposit-deps.ts';
import { entryRoutes } from './entry-routes.ts';
import {
  statementAccountChanged,
  statementAccountDiffers,
  statementAccountRequired,
  statementAccountUnknown,
  statementCurrencyDiffers,
  statementImportNotFound,
  statementReferenceConflict,
  statementUploadStalled,
} from './errors.ts';
import { createImportSlots, type ImportLimits } from './import-slots.ts';
import { importStatement } from './import-statement.ts';
import { notificationRoutes } from './notification-routes.ts';
import type { NotificationDeps } from './notifications.ts';
import { pollRoutes } from './poll-routes.ts';
import { listStatementImports, readStatementImport } from './read-entries.ts';
import { fileBody, Import, ImportListed, importBody } from './shared-routes.ts';
import { suggestionRoutes } from './suggestion-routes.ts';

/** A statement file at most: some three million entries of camt.053. */
const DEFAULT_STATEMENT_BYTES = 2 * 1024 ** 3;
/** A CSV mapping in the query. */
const MAX_MAPPING_CHARACTERS = 8_000;

const FORMATS = ['camt.053', 'mt940', 'citic-dltrnall', 'citic-dlstrndt', 'csv'] as const;
const tags = ['deposits'];

const ImportQuery = Type.Object(
  {
    format: Type.Optional(
      Type.Enum([...FORMATS], {
        description: 'Told by the file itself, except CSV, which a mapping in `csv` says too',
      }),
    ),
    charset: Type.Optional(
      Text({
        max: 40,
        examples: ['gb18030'],
        description:
          'Where the file does not say, or says it wrong: a name of the Encoding Standard',
      }),
    ),
    mainAccount: Type.Optional(
      Text({
        max: 64,
        examples: ['8110888020000000017'],
        description: 'The main account that it must be of; needed where the file names no account',
      }),
    ),
    fileName: Type.Optional(Text({ max: 255, description: 'For people: kept with the import' })),
    currency: Type.Optional(
      Type.String({
        ...CurrencyCode,
        description: 'Of the lines, where the file does not say',
      }),
    ),
    csv: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_MAPPING_CHARACTERS,
        description: 'For CSV: which column is what, as JSON',
      }),
    ),
    dryRun: Type.Boolean({
      default: false,
      description: 'Read, check and match everything, and change nothing',
    }),
  },
  CLOSED,
);

type DepositRoutesOptions = {
  readonly deps: DepositDeps & NotificationDeps;
  /** The largest file taken. */
  readonly maxStatementBytes?: number;
  readonly importLimits?: ImportLimits;
};

/** Routes of statement imports, bank entries and claims. */
export const depositRoutes: Routes<DepositRoutesOptions> = async (
  app,
  { deps, maxStatementBytes = DEFAULT_STATEMENT_BYTES, importLimits },
) => {
  const slots = createImportSlots(importLimits);
  app.post(
    '/v1/statement-imports',
    {
      config: {
        scope: 'statements:write',
        streamedBody: { limitBytes: maxStatementBytes },
        problems: [
          ...[
            banking.statementFormatUnknown,
            banking.statementFormatDiffers,
            banking.statementTruncated,
            banking.statementMalformed,
          ],
          ...[banking.statementCharsetWrong, banking.statementTotalsDisagree],
          ...[banking.statementFieldInvalid, banking.statementTooLarge],
          banking.statementCurrenciesMixed,
          ...[banking.csvMappingInvalid, banking.statementReplyFailed],
          ...[mainAccountNotFound, statementAccountUnknown, statementAccountRequired],
          statementUploadStalled,
          ...[busy, databaseUnavailable, outcomeUnknown, statementAccountChanged],
          ...[statementAccountDiffers, statementCurrencyDiffers, statementReferenceConflict],
        ],
      },
      schema: {
        operationId: 'importStatement',
        summary: 'Take a bank statement file in: the body is the file 导入对账单',
        description:
          'camt.053, MT940, CITIC detail replies, or CSV with a mapping. Each line is recorded once, by the ' +
          'bank’s reference, so that a file may be sent again at any time. Two files of a platform are read at once; ' +
          'more are `busy`. The file must not be compressed.',
        tags,
        querystring: ImportQuery,
        response: { 200: Import, 201: Import },
      },
    },
    async ({ platformId, query, body }, reply) => {
      if (!isByteSource(body)) {
        throw invalid('', 'must be the statement file itself, as application/octet-stream');
      }
      const { fileName, mainAccount, dryRun } = query;
      const report = await importStatement(deps, platformId, {
        ...{ source: body, fileName, mainAccount, dryRun, slots },
        file: fileOptions(query),
      });
      return reply.code(report.id === null ? 200 : 201).send(importBody(report));
    },
  );

  await app.register(importListRoutes, { deps });
  await app.register(entryRoutes, { deps });
  await app.register(suggestionRoutes, { deps });
  await app.register(pollRoutes, { deps });
  await app.register(notificationRoutes, { deps });
};

const importListRoutes: Routes<{ deps: DepositDeps }> = async (app, { deps }) => {
  app.get(
    '/v1/statement-imports',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listStatementImports',
        summary: 'Statement imports, the latest first 对账单导入列表',
        tags,
        querystring: Type.Object(PageQuery, CLOSED),
        response: { 200: Page(ImportListed) },
      },
    },
    async ({ platformId, query }) => {
      const { limit, cursor } = query;
      const before = positionOf(cursor, importAt);
      const { imports, next } = await listStatementImports(deps, platformId, { before, limit });
      return { data: imports.map(fileBody), nextCursor: nextCursorOf(next) };
    },
  );

  app.get(
    '/v1/statement-imports/:id',
    {
      config: { scope: 'read', problems: [statementImportNotFound] },
      schema: {
        operationId: 'readStatementImport',
        summary: 'One statement import, with what became of its entries until now 对账单导入',
        tags,
        params: Type.Object({ id: Id('imp') }),
        response: { 200: Import },
      },
    },
    async ({ platformId, params }) =>
      importBody(await readStatementImport(deps, platformId, params.id)),
  );
};

const importAt = ([id]: readonly string[]): string | undefined =>
  id !== undefined && importUuid(id) !== undefined ? id : undefined;

function isByteSource(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

function fileOptions(
  query: Static<typeof ImportQuery>,
): Omit<StatementFileOptions, 'accountNumber'> {
  const { format, charset, currency, csv } = query;
  if (currency !== undefined && !isCurrency(currency)) {
    throw invalid('query/currency', 'must be an ISO 4217 code');
  }
  if (charset !== undefined && !isCharset(charset)) {
    throw invalid('query/charset', `must be ${CHARSET_ALLOWED}`);
  }
  return {
    ...(format === undefined ? {} : { format }),
    ...(charset === undefined ? {} : { charset }),
    ...(currency === undefined ? {} : { currency }),
    ...(csv === undefined ? {} : { csv: checkCsvMapping(jsonOf(csv)) }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('query/csv', 'must be the CSV mapping: one JSON object, percent-encoded');
  }
}
