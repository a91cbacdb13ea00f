import { expect, test } from 'vitest';
import {
  csvMappingInvalid,
  statementFieldInvalid,
  statementTotalsDisagree,
} from '../banking/errors.ts';
import { AppError, defineError } from '../kernel/error.ts';
import { refusalErrors } from '../ledger/errors.ts';
import { CliError, usageError } from './cli-error.ts';
import { EXIT, explain, under } from './explain-error.ts';

const tooLittle = defineError<Record<string, unknown>>()({
  code: 'too_little',
  kind: 'refused',
  title: { en: 'There is too little', zh: '不足' },
  remedy: { en: 'Bring more.', zh: '请补足。' },
});

async function thrown(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return error;
  }
}

const failing = () => Promise.reject(new AppError(tooLittle, { account: '1', shortfall: 1230n }));

test('one line: the code, what is wrong with what, and what to do', async () => {
  const { text, exitCode } = explain(await thrown(failing));
  expect(text).toBe(
    'guanjia: too_little: There is too little (account 1, shortfall 1230 minor units). Bring more.\n',
  );
  expect(exitCode).toBe(EXIT.failed);
});

test('where the command knows the currency and the key, they are told', async () => {
  const known = { currency: 'CNY', idempotencyKey: 'cli-1' };
  const { text, document } = explain(await thrown(() => under(known, failing)));
  expect(text).toContain('shortfall 12.30 CNY');
  expect(document.error).toMatchObject({ idempotencyKey: 'cli-1', shortfall: 1230n });
});

test('the remedy speaks of money as people do; programs get it as it is written', async () => {
  const facts = { account: '88888', shortfall: 1230n };
  const refused = () => Promise.reject(new AppError(refusalErrors.insufficient_funds, facts));
  const { text, document } = explain(await thrown(() => under({ currency: 'CNY' }, refused)));
  expect(text).toContain('Bring in 12.30 CNY more, or ask for less.');
  expect(text).not.toContain('minor units');
  expect(document.error['remedy']).toContain('`shortfall` (in minor units)');
});

test('a field of a body is for programs, unless the remedy speaks of it', () => {
  const facts = { account: '88888', field: '/debitAccount' };
  const closed = explain(new AppError(refusalErrors.account_closed, facts));
  expect(closed.text).toContain('(account 88888).');
  expect(closed.document.error).toMatchObject(facts);
  const nobody = explain(new AppError(refusalErrors.account_not_found, facts));
  expect(nobody.text).toContain('(account 88888, field /debitAccount).');
});

test('a field of a file is told, with its place and with what is allowed', () => {
  const place = { line: 12, entry: 3, statement: 2, statementId: 'S2' };
  const facts = { ...place, field: 'Ntry/Sts', found: '', allowed: 'BOOK, PDNG, INFO or FUTR' };
  expect(explain(new AppError(statementFieldInvalid, facts)).text).toContain(
    '(line 12, entry 3, statement 2, statement id S2, field Ntry/Sts, found nothing, allowed BOOK, PDNG, INFO or FUTR).',
  );
  const disagreeing = {
    reason: 'sum' as const,
    field: 'closing balance',
    expected: '1',
    found: '2',
  };
  expect(explain(new AppError(statementTotalsDisagree, disagreeing)).text).toContain(
    '(reason sum, field closing balance, expected 1, found 2).',
  );
  const none = { field: '', problem: 'CSV needs a mapping' };
  expect(explain(new AppError(csvMappingInvalid, none)).text).toContain(
    '(problem CSV needs a mapping).',
  );
  const wrong = { field: 'charset', problem: 'must be a name' };
  expect(explain(new AppError(csvMappingInvalid, wrong)).text).toContain(
    '(field charset, problem must be a name).',
  );
});

test('the reason is a sentence of its own; the last lines of a log come below', () => {
  const reason = 'The disk is full.';
  const facts = { reason, logFile: '/data/postgres.log', lastLines: ['FATAL: one', 'FATAL: two'] };
  expect(explain(new AppError(tooLittle, facts)).text).toBe(
    [
      'guanjia: too_little: There is too little (The disk is full). Bring more.',
      '  FATAL: one',
      '  FATAL: two',
      '  /data/postgres.log',
      '',
    ].join('\n'),
  );
});

test('what was typed wrong ends with 2, everything else with 1', () => {
  expect(explain(usageError('amount_invalid', 'no')).exitCode).toBe(2);
  expect(explain(new CliError('no_platform', 'no')).exitCode).toBe(1);
  expect(explain(new Error('anything')).exitCode).toBe(1);
});

test('a stack is shown to who debugs, and to nobody else', () => {
  const error = new Error('broken');
  expect(explain(error).text).toBe('guanjia: failed: broken\n');
  expect(explain(error, { debug: true }).text).toMatch(/^ +at /m);
});

test('what keeps a command from its database has a code of its own', () => {
  const codeOf = (sqlState: string) =>
    explain(Object.assign(new Error('so it is'), { code: sqlState })).document.error['code'];
  expect(['28P01', '28000', '3D000', '25006', '08006'].map(codeOf)).toEqual([
    ...['database_login_refused', 'database_login_refused', 'database_not_found'],
    ...['database_read_only', 'database_unavailable'],
  ]);
  const wrong = Object.assign(new Error('password authentication failed'), { code: '28P01' });
  expect(explain(wrong).text).toMatch(/password authentication failed.*DATABASE_URL.*\n$/);
});
