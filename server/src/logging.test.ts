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

/** What a value that is none makes PostgreSQL say. */
function wrongValue(): Error {
  const error = new pg.DatabaseError('invalid input syntax for type uuid: "张三"', 1, 'error');
  return Object.assign(error, {
    ...{ code: '22P02', routine: 'string_to_uuid', hint: 'Perhaps you meant 622200009.' },
    internalQuery: "select '622200009'",
  });
}

const nestedIn = (error: Error): [name: string, error: Error][] => [
  ['alone', error],
  ['among others', new AggregateError([new AggregateError([error])], 'for some platforms')],
  ['as a cause', new Error('not recorded', { cause: error })],
  ['as a part', Object.assign(new Error('not recorded'), { reason: error })],
  ['in the words of another', new Error(`not recorded: ${error.message}`, { cause: error })],
];

test.each(nestedIn(wrongValue()))(
  'a message that holds a value is not logged, its code is: %s',
  (_, err) => {
    let logged = '';
    const log = openLog({ level: 'info', stream: { write: (line) => (logged += line) } });
    log.error({ err }, 'a request failed');
    expect(logged).not.toMatch(/张三|622200009/);
    expect(logged).toContain('an error of the database, SQLSTATE 22P02');
    expect(logged).toContain(' at ');
  },
);

test('whoever watches is told as little', () => {
  let shown = '';
  const stream = { write: (line: string) => (shown += line) };
  openLog({ level: 'info', forPeople: true, stream }).error({ err: wrongValue() }, 'it failed');
  expect(shown).toMatch(/it failed\n.*SQLSTATE 22P02\n +at /);
  expect(shown).not.toMatch(/张三|622200009/);
});

// Goal: an operator learns what is wrong with the server. Method: messages of PostgreSQL itself that hold no value.
test.each([
  ['53200', 'out of memory'],
  ['57P03', 'the database system is starting up'],
  ['28P01', 'password authentication failed for user "guanjia"'],
  ['3D000', 'database "guanjia" does not exist'],
  ['3F000', 'no schema has been selected to create in'],
  ['26000', 'prepared statement "request" does not exist'],
  ['0A000', 'cached plan must not change result type'],
  ['42501', 'permission denied for table transfer'],
  ['58030', 'could not write to file "base/pgsql_tmp": No space left on device'],
  ['23001', 'transfer is append-only: correct it with a new row'],
  ['GJ001', 'a document changed meanwhile: 1 of 2 are as expected'],
])('a message without values is logged: %s', (code, message) => {
  let logged = '';
  const log = openLog({ level: 'info', stream: { write: (line) => (logged += line) } });
  log.error({ err: Object.assign(new pg.DatabaseError(message, 1, 'error'), { code }) }, 'failed');
  expect(JSON.parse(logged)).toMatchObject({ err: { code, message } });
});

test.each(nestedIn(brokenCheck()))(
  'what a database error tells of a row is not logged: %s',
  (_, err) => {
    let logged = '';
    const log = openLog({ level: 'info', stream: { write: (line) => (logged += line) } });
    log.error({ err, code: 'internal_error' }, 'a request failed');
    expect(logged).not.toMatch(/张三|622200009|Failing row/);
    expect(logged).toContain('bank_entry_amount_check');
    expect(JSON.parse(logged)).toMatchObject({
      err: { message: expect.any(String), stack: expect.any(String) },
    });
  },
);

test('what a database error tells of itself is logged', () => {
  let logged = '';
  const log = openLog({ level: 'info', stream: { write: (line) => (logged += line) } });
  log.error({ err: brokenCheck() }, 'a request failed');
  expect(JSON.parse(logged)).toMatchObject({ err: { code: '23514', table: 'bank_entry' } });
});

test('the connection that broke is not logged: it holds the key that cancels its statements', () => {
  let logged = '';
  const log = openLog({ level: 'info', stream: { write: (line) => (logged += line) } });
  const err = Object.assign(new Error('terminated'), { client: { processID: 7, secretKey: 4711 } });
  log.warn({ err }, 'a connection broke');
  expect(logged).toContain('terminated');
  expect(logged).not.toContain('4711');
});
