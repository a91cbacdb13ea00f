import pg from 'pg';
import { expect, test } from 'vitest';
import { commitAll } from './connection.ts';

const statement = { name: 'x', text: 'select 1', values: [] };

async function failureOf(error: Error): Promise<unknown> {
  const client: pg.PoolClient = Object.create(pg.Client.prototype);
  Reflect.set(client, 'query', () => Promise.reject(error));
  return commitAll(client, [statement]).catch((failure: unknown) => failure);
}

function refusal(code: string, severity: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError('nein', 4, 'error'), { code, severity });
}

test('what PostgreSQL refused was not committed, in whatever language it says so', async () => {
  expect(await failureOf(refusal('23505', 'FEHLER'))).toMatchObject({ commitSent: false });
  expect(await failureOf(refusal('GJ001', '错误'))).toMatchObject({ commitSent: false });
});

test('what ended the connection may have come behind the commit', async () => {
  expect(await failureOf(refusal('57P01', 'FATAL'))).toMatchObject({ commitSent: true });
  expect(await failureOf(new Error('the connection broke'))).toMatchObject({ commitSent: true });
});
