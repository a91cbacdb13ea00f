import { expect, test } from 'vitest';
import { testApp } from '../../test/support/app.ts';
import { isRecord, recordOf } from './record.ts';

const { http, headers } = await testApp();
const document = recordOf(JSON.parse(JSON.stringify(http.swagger())));

/** One that fits each pattern of the document, in this order: what means nothing else first. */
const TEXTS = [
  ...['x', 'CNY', '8888800000000000017', '2027', '12:00', '2027-01-29', '2027-01-29T12:00:00Z'],
  ...['1234567', '123456', '12345', 'A123', 'abcd', 'ab.cd', '0'.repeat(64)],
];

interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  /** The least that it takes: undefined where it takes no JSON. */
  readonly body: Record<string, unknown> | undefined;
  readonly takesFile: boolean;
}

// Every operation there is, with a path and a body that fit their schemas, so that nothing but the surprise is wrong.
const operations = Object.entries(recordOf(document['paths'])).flatMap(([path, methods]) =>
  Object.entries(recordOf(methods)).map(([method, operation]) =>
    operationOf(path, method, recordOf(operation)),
  ),
);

test.each(operations)(
  '$method $url refuses a query parameter that it does not declare',
  async (operation) => {
    const { method, url, body, takesFile } = operation;
    const answer = await http.inject({
      ...{ method, url: `${url}${url.includes('?') ? '&' : '?'}surprise=1`, headers },
      ...(takesFile || body === undefined ? {} : { payload: body }),
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'invalid_request' });
    expect(answer.json<{ errors: unknown }>().errors).toContainEqual(notAField('query/surprise'));
  },
);

test.each(operations.filter(({ method, takesFile }) => method !== 'GET' && !takesFile))(
  '$method $url refuses a field of the body that it does not declare',
  async ({ method, url, body }) => {
    const answer = await http.inject({
      ...{ method, url, headers },
      payload: { ...body, surprise: 1 },
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({
      code: 'invalid_request',
      errors: [notAField('/surprise')],
    });
  },
);

const CLOSE = '/v1/virtual-accounts/8888800000000000017/close';

test('where nothing is declared, that is said in words', async () => {
  const close = (query: string, payload?: object) =>
    http.inject({ method: 'POST', url: `${CLOSE}${query}`, headers, ...(payload && { payload }) });
  expect((await close('?dryRun=true')).json()).toMatchObject({
    status: 400,
    errors: [{ pointer: 'query/dryRun', detail: 'is not a field here: none is allowed' }],
  });
  expect((await close('', { foo: 1 })).json()).toMatchObject({
    status: 400,
    errors: [{ pointer: '/foo', detail: 'is not a field here: none is allowed' }],
  });
  expect((await close('', [])).json()).toMatchObject({
    status: 400,
    errors: [{ pointer: '', detail: 'must be an object' }],
  });
});

test('no body, an empty one and an empty object are all nothing', async () => {
  const json = { ...headers, 'content-type': 'application/json' };
  for (const more of [{ headers }, { headers: json }, { headers: json, payload: '{}' }]) {
    const answer = await http.inject({ method: 'POST', url: CLOSE, ...more });
    expect(answer.json()).toMatchObject({ code: 'account_not_found' });
  }
});

test.each(['/health/live', '/health/ready', '/metrics', '/openapi.json', '/docs/', '/'])(
  '%s lets a query pass: probes and browsers add some of their own',
  async (path) => {
    expect((await http.inject(`${path}?surprise=1`)).statusCode).toBe(200);
  },
);

test('an address that is unknown stays unknown', async () => {
  const answer = await http.inject({ url: '/v1/nothing?surprise=1', headers });
  expect(answer.statusCode).toBe(404);
});

function notAField(pointer: string): unknown {
  const detail: unknown = expect.stringMatching(/^is not a field here: (allowed are|none is)/);
  return { pointer, detail };
}

function operationOf(path: string, method: string, operation: Record<string, unknown>): Operation {
  const parameters = operation['parameters'];
  let url = path;
  for (const parameter of Array.isArray(parameters) ? parameters.filter(isRecord) : []) {
    const { name, schema, required, ...rest } = parameter;
    const value = encodeURIComponent(String(sample(schema)));
    if (rest['in'] === 'path') url = url.replace(`{${String(name)}}`, value);
    else if (required === true) url += `${url.includes('?') ? '&' : '?'}${String(name)}=${value}`;
  }
  const content = recordOf(recordOf(operation['requestBody'])['content']);
  const { schema } = recordOf(content['application/json']);
  return {
    url,
    method: method.toUpperCase() as Operation['method'],
    body: schema === undefined ? undefined : recordOf(sample(schema)),
    takesFile: operation['requestBody'] !== undefined && schema === undefined,
  };
}

/** The least that fits a schema of the document. */
function sample(given: unknown): unknown {
  const schema = resolved(given);
  const { pattern, examples, properties, required = [], items, minimum } = schema;
  // Null is the least of what may be null.
  const type: unknown = Array.isArray(schema['type']) ? schema['type'].at(-1) : schema['type'];
  const [alternative] = ['anyOf', 'oneOf'].flatMap((each) => schema[each] ?? []) as unknown[];
  if (alternative !== undefined) return sample(alternative);
  if ('const' in schema) return schema['const'];
  const values: unknown = schema['enum'] ?? examples;
  if (Array.isArray(values)) return values[0];
  const [, prefix, count] = /^\^([a-z]+_)\[.*\{(\d+)\}\$$/.exec(String(pattern)) ?? [];
  if (prefix !== undefined) return prefix + '0'.repeat(Number(count));
  if (typeof pattern === 'string') {
    const found = TEXTS.find((text) => new RegExp(pattern, 'u').test(text));
    expect(found, `TEXTS has none for ${pattern}`).toBeDefined();
    return found;
  }
  switch (type) {
    case 'object':
      return Object.fromEntries(
        fields(required, schema).map((name) => [name, sample(recordOf(properties)[name])]),
      );
    case 'array':
      return [sample(items)];
    case 'integer':
      return minimum;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return 'x';
  }
}

/** What must be there; the first of all where any one will do. */
function fields(required: unknown, { minProperties, properties }: Record<string, unknown>) {
  const names = required as string[];
  return names.length > 0 || minProperties === undefined
    ? names
    : Object.keys(recordOf(properties)).slice(0, 1);
}

function resolved(schema: unknown): Record<string, unknown> {
  const { $ref } = recordOf(schema);
  if (typeof $ref !== 'string') return recordOf(schema);
  const steps = $ref.split('/').slice(1);
  return recordOf(steps.reduce<unknown>((found, step) => recordOf(found)[step], document));
}
