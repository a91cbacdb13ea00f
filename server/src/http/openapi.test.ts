import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { buildOpenApiDocument } from '../app.ts';
import { recordOf } from './record.ts';

const ROOT = join(import.meta.dirname, '../../..');
const text = await buildOpenApiDocument();
const document = recordOf(JSON.parse(text));

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly operation: Record<string, unknown>;
}
const operations: Operation[] = Object.entries(recordOf(document['paths'])).flatMap(
  ([path, methods]) =>
    Object.entries(recordOf(methods)).map(([method, operation]) => ({
      path,
      method,
      operation: recordOf(operation),
    })),
);

test('the document in docs is this one', async () => {
  const committed = await readFile(join(ROOT, 'docs/reference/openapi.json'), 'utf8');
  // Run `npm run generate` when this fails, and look at the difference: callers will see it.
  expect(JSON.parse(committed)).toEqual(document);
});

// Method: the rules of the OpenAPI 3.1 specification, as a linter that we did not write reads them.
test('it is valid OpenAPI 3.1', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'guanjia-openapi-'));
  try {
    const file = join(folder, 'openapi.json');
    await writeFile(file, text);
    const linter = join(ROOT, 'node_modules/@redocly/cli/bin/cli.js');
    const args = [linter, 'lint', file, '--extends=spec', '--format=stylish'];
    const env = {
      ...process.env,
      REDOCLY_TELEMETRY: 'off',
      REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
    };
    await promisify(execFile)(process.execPath, args, { cwd: folder, env });
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(document['openapi']).toBe('3.1.0');
});

test('every operation has a name of its own, a tag, words, and says how it fails', () => {
  const names = operations.map(({ operation }) => operation['operationId']);
  expect(new Set(names).size).toBe(operations.length);
  const tags = new Set((document['tags'] as { name: string }[]).map(({ name }) => name));
  for (const { path, method, operation } of operations) {
    const where = `${method} ${path}`;
    expect(path, where).toMatch(/^\/v1\//);
    expect(operation['summary'], where).toBeTypeOf('string');
    for (const tag of operation['tags'] as string[]) expect(tags, where).toContain(tag);
    const responses = recordOf(operation['responses']);
    for (const status of ['400', '401', '403', '503', 'default']) {
      const content = recordOf(recordOf(responses[status])['content']);
      expect(Object.keys(content), `${where} ${status}`).toEqual(['application/problem+json']);
    }
  }
});

test('what takes an idempotency key declares the header of a repeat, and nothing else does', () => {
  const declared: string[] = [];
  for (const { operation } of operations) {
    const parameters = operation['parameters'] as { name: string }[] | undefined;
    const takesKey = parameters?.some(({ name }) => name === 'idempotency-key') ?? false;
    for (const [status, response] of Object.entries(recordOf(operation['responses']))) {
      const header = recordOf(recordOf(response)['headers'])['Idempotent-Replayed'];
      const where = `${String(operation['operationId'])} ${status}`;
      expect(header !== undefined, where).toBe(takesKey && /^20[012]$/.test(status));
      if (header === undefined) continue;
      expect(header, where).toMatchObject({ schema: { type: 'string', const: 'true' } });
      declared.push(where);
    }
  }
  expect(declared).toContain('transfer 201');
  expect(declared).toContain('releaseHold 200');
  expect(declared).toContain('claimBankEntry 201');
});

test('no body takes a name of blanks alone', () => {
  const named = operations.flatMap(({ operation }) => {
    const content = recordOf(recordOf(operation['requestBody'])['content']);
    const schema = recordOf(recordOf(content['application/json'])['schema']);
    const { name, bankName } = recordOf(schema['properties']);
    return [name, bankName].filter((field) => field !== undefined).map(recordOf);
  });
  expect(named).toHaveLength(9);
  for (const { pattern } of named) {
    const rule = new RegExp(String(pattern), 'u');
    expect(['王 A', '  ', '\u3000', '\u200b\u2060'].map((name) => rule.test(name))).toEqual([
      ...[true, false, false, false],
    ]);
  }
});

test('metadata says which keys it takes, and how many', () => {
  const add = operations.find(({ operation }) => operation['operationId'] === 'addMember');
  const body = recordOf(recordOf(add?.operation['requestBody'])['content']);
  const schema = recordOf(recordOf(body['application/json'])['schema']);
  expect(recordOf(schema['properties'])['metadata']).toMatchObject({
    description: expect.stringContaining('at most 50 keys of 1 to 40 characters') as unknown,
    maxProperties: 50,
    propertyNames: {
      type: 'string',
      pattern: expect.stringMatching(/\{1,40\}\$$/) as unknown,
    },
    additionalProperties: { type: 'string', maxLength: 500 },
  });
});

test('what takes a file says as which media types, how long it may be, and how it is refused', () => {
  const files = operations.filter(({ operation }) => {
    const content = recordOf(recordOf(operation['requestBody'])['content']);
    return Object.keys(content).some((type) => type !== 'application/json');
  });
  expect(files.map(({ path }) => path)).toEqual(['/v1/statement-imports']);
  const operation = recordOf(files[0]?.operation);
  expect(operation['requestBody']).toEqual({
    required: true,
    description: expect.stringContaining('2147483648 bytes') as unknown,
    content: Object.fromEntries(
      ['application/xml', 'text/xml', 'text/plain', 'text/csv', 'application/octet-stream'].map(
        (type) => [type, {}],
      ),
    ),
  });
  expect(JSON.stringify(operation['responses'])).toMatch(
    /request_timed_out.*body_too_large.*media_type_unsupported/s,
  );
  for (const { name, description } of operation['parameters'] as Record<string, unknown>[]) {
    expect(description, String(name)).toBeTypeOf('string');
  }
});

test('what has a default is optional', () => {
  const list = operations.find(({ operation }) => operation['operationId'] === 'listMembers');
  expect(list?.operation['parameters']).toContainEqual(
    expect.objectContaining({ name: 'limit', in: 'query', required: false }),
  );
});
