import pg from 'pg';
import { expect, test } from 'vitest';
import { openLog } from './logging.ts';

/** What a check on a table says, as PostgreSQL does. */
function brokenCheck(): Error {
  const error = new pg.DatabaseError(
    'violates check constraint "bank_entry_amount_check"',
    1,
    'error',
  );
  error.code = '23514';
  error.table = 'bank_entry';
  error.detail = 'Failing row contains (1, 张三, 622200009).';
  error.where = 'COPY statement_line, line 1: "张三"';
  return error;
}

const nested: [name: string, error: Error][] = [
  ['alone', brokenCheck()],
  ['among others', new AggregateError([new AggregateError([brokenCheck()])], 'for some platforms')],
  ['as a cause', new Error('not recorded', { cause: brokenCheck() })],
  ['as a part', Object.assign(new Error('not recorded'), { reason: brokenCheck() })],
];

test.each(nested)('what a database error tells of a row is not logged: %s', (_, err) => {
  let logged = '';
  const log = openLog({ level: 'info', stream: { write: (line) => (logged += line) } });
  log.error({ err, code: 'internal_error' }, 'a request failed');
  expect(logged).not.toMatch(/张三|622200009|Failing row/);
  expect(logged).toContain('bank_entry_amount_check');
  expect(JSON.parse(logged)).toMatchObject({
    err: { message: expect.any(String), stack: expect.any(String) },
  });
});

test('what a database error tells of itself is logged', () => {
  let logged = '';
  const log = openLog({ level: 'info', stream: { write: (line) => (logged += line) } });
  log.error({ err: brokenCheck() }, 'a request failed');
  expect(JSON.parse(logged)).toMatchObject({ err: { code: '23514', table: 'bank_entry' } });
});
