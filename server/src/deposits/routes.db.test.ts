import { afterAll, expect, test } from 'vitest';
import { freshDatabase } from '../../test/support/database.ts';
import { csvFile, csvSampleMapping } from '../../test/support/statement-samples.ts';
import { buildHttp, openApp } from '../app.ts';
import { openLog } from '../logging.ts';
import { createApiKey } from '../platforms/index.ts';
import { CNY, camt, line, testPlatformOn } from './testing.fixture.ts';

const { url } = await freshDatabase();
const app = await openApp({
  url,
  log: openLog({ level: 'silent' }),
  connections: 3,
  batchConnections: 2,
});
const http = await buildHttp(app);
afterAll(async () => {
  await http.close();
  await app.close();
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: Record<string, unknown>;
}

async function client(platformId: bigint, scopes: Parameters<typeof createApiKey>[1]['scopes']) {
  const { secret } = await createApiKey(app, { platformId, name: 'test', scopes });
  return async (
    method: 'GET' | 'POST',
    path: string,
    { body, ...headers }: { body?: unknown; [header: string]: unknown } = {},
  ): Promise<Answer> => {
    const answer = await http.inject({
      ...{ method, url: path },
      headers: { ...headers, authorization: `Bearer ${secret}` },
      ...(body === undefined ? {} : { payload: body as Buffer | object }),
    });
    return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
  };
}
const file = async (source: AsyncIterable<Uint8Array>) =>
  Buffer.concat(await Array.fromAsync(source));
const BINARY = { 'content-type': 'application/octet-stream' };

test('import, look, claim and take back over HTTP', async () => {
  const { platformId, main, numbers } = await testPlatformOn(app, 1n);
  const [a = ''] = numbers;
  const ask = await client(platformId, ['read', 'statements:write', 'money:write']);
  const lines = [
    line({ reference: 'H1', remittance: a }),
    line({ reference: 'H2', remittance: 'whose?', amount: 250n }),
    line({ reference: 'H3', direction: 'debit', amount: 9n }),
  ];
  const body = await file(camt(main.number, lines, { opening: 77n }));
  const path = '/v1/statement-imports?fileName=week.xml';
  const dry = await ask('POST', `${path}&dryRun=true`, { body, ...BINARY });
  expect(dry).toMatchObject({ status: 200, body: { id: null, dryRun: true, recorded: 4 } });
  const done = await ask('POST', path, { body, ...BINARY });
  expect(done).toMatchObject({
    status: 201,
    body: {
      ...{ format: 'camt.053', fileName: 'week.xml', recorded: 4, changed: true },
      suspended: { count: 1, sum: 250, byReason: { no_match: { count: 1, sum: 250 } } },
      debited: { count: 1, sum: 9 },
    },
  });
  const again = await ask('POST', path, { body, ...BINARY });
  expect(again).toMatchObject({
    status: 200,
    body: { id: null, changed: false, alreadyKnown: 3, sameFileAs: done.body['id'] },
  });
  const id = String(done.body['id']);
  expect((await ask('GET', `/v1/statement-imports/${id}`)).body).toEqual(done.body);
  expect(await ask('GET', '/v1/statement-imports')).toMatchObject({
    body: { data: [{ id }], nextCursor: null },
  });

  const first = await ask('GET', `/v1/bank-entries?limit=2&import=${id}`);
  expect(first.body['data']).toHaveLength(2);
  const rest = await ask(
    'GET',
    `/v1/bank-entries?limit=2&import=${id}&cursor=${String(first.body['nextCursor'])}`,
  );
  expect(rest.body).toMatchObject({
    data: [{ reference: 'H2' }, { reference: 'H3' }],
    nextCursor: null,
  });
  const waiting = await ask('GET', '/v1/bank-entries?state=suspended');
  expect(waiting.body).toMatchObject({ data: [{ reference: 'H2', amount: 250, currency: 'CNY' }] });
  const entries = waiting.body['data'];
  const entry: unknown = Array.isArray(entries) ? entries[0] : undefined;
  const entryId = String(Reflect.get(Object(entry), 'id'));

  const claim = `/v1/bank-entries/${entryId}/claim`;
  const claimBody = { body: { account: a } };
  expect(await ask('POST', claim, claimBody)).toMatchObject({
    ...{ status: 400, body: { code: 'idempotency_key_required' } },
  });
  const key = { 'idempotency-key': 'claim-1' };
  expect(await ask('POST', `${claim}?dryRun=true`, claimBody)).toMatchObject({
    ...{ status: 200, body: { dryRun: true, transferId: null } },
  });
  const claimed = await ask('POST', claim, { ...claimBody, ...key });
  expect(claimed).toMatchObject({
    status: 201,
    body: { state: 'claimed', account: a, amount: 250 },
  });
  const repeated = await ask('POST', claim, { ...claimBody, ...key });
  expect(repeated.body).toEqual(claimed.body);
  expect(repeated.headers['idempotent-replayed']).toBe('true');
  const late = await ask('POST', claim, { ...claimBody, 'idempotency-key': 'claim-2' });
  expect(late).toMatchObject({
    status: 409,
    body: { code: 'entry_not_in_suspense', state: 'claimed' },
  });

  const back = await ask('POST', `${claim}-reversal`, { body: {}, 'idempotency-key': 'back-1' });
  expect(back).toMatchObject({ status: 201, body: { state: 'suspended', account: a } });
  const shown = await ask('GET', `/v1/bank-entries/${entryId}`);
  expect(shown.body).toMatchObject({
    ...{ state: 'suspended', claimCount: 1 },
    claims: [
      {
        account: a,
        transferId: claimed.body['transferId'],
        reversalTransferId: back.body['transferId'],
      },
    ],
  });
});

test('what is wrong with an import is answered as a problem', async () => {
  const { platformId, main } = await testPlatformOn(app, 2n);
  const ask = await client(platformId, ['read', 'statements:write']);
  const path = '/v1/statement-imports';
  const body = await file(camt('99990000', [line({ reference: 'Q1' })]));
  const send = (query: string, content: unknown, type = BINARY) =>
    ask('POST', `${path}${query}`, { body: content, ...type });
  expect(await send('', body)).toMatchObject({
    ...{ status: 404, body: { code: 'statement_account_unknown', accountNumber: '99990000' } },
  });
  expect(await send('', body.subarray(0, -30))).toMatchObject({
    ...{ status: 400, body: { code: 'statement_truncated' } },
  });
  for (const charset of ['klingon', 'utf-9', '%E4%B8%AD']) {
    expect(await send(`?charset=${charset}`, body), charset).toMatchObject({
      status: 400,
      body: {
        code: 'invalid_request',
        errors: [
          {
            pointer: 'query/charset',
            detail: expect.stringContaining('such as gb18030') as unknown,
          },
        ],
      },
    });
  }
  const wrongLabel = encodeURIComponent(
    JSON.stringify({ ...csvSampleMapping, charset: 'klingon' }),
  );
  expect(await send(`?csv=${wrongLabel}`, body)).toMatchObject({
    status: 400,
    body: { code: 'csv_mapping_invalid', field: 'charset' },
  });
  for (const broken of ['{', 'no', '{"amount":']) {
    expect(await send(`?csv=${encodeURIComponent(broken)}`, body), broken).toMatchObject({
      status: 400,
      body: {
        code: 'invalid_request',
        errors: [
          {
            pointer: 'query/csv',
            detail: 'must be the CSV mapping: one JSON object, percent-encoded',
          },
        ],
      },
    });
  }
  expect(await ask('POST', path, { body: {} })).toMatchObject({
    status: 415,
    body: {
      ...{ code: 'media_type_unsupported', received: 'application/json' },
      allowed: expect.arrayContaining(['application/octet-stream', 'text/csv']) as unknown,
    },
  });
  expect(await send('?csv=[]', body)).toMatchObject({
    status: 400,
    body: { code: 'csv_mapping_invalid' },
  });
  const csv = await file(csvFile({ accountNumber: main.number, currency: CNY, entries: 3 }));
  const mapping = encodeURIComponent(JSON.stringify(csvSampleMapping));
  const imported = await send(`?mainAccount=${main.number}&csv=${mapping}`, csv);
  expect(imported).toMatchObject({ status: 201, body: { format: 'csv', recorded: 3 } });
  const reader = await client(platformId, ['read']);
  expect(await reader('POST', path, { body, ...BINARY })).toMatchObject({
    ...{ status: 403, body: { code: 'scope_missing' } },
  });
});
