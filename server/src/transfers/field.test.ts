import { expect, test } from 'vitest';
import { amount } from '../kernel/amount.ts';
import { accountId, type Move, type Refusal } from '../ledger/index.ts';
import { fieldOf } from './field.ts';

const [payer, payee, other] = [accountId(1n), accountId(2n), accountId(3n)];
const moves = {
  transfer: { kind: 'transfer', code: 'transfer', debit: payer, credit: payee, amount: amount(5) },
  hold: { kind: 'hold', account: payer, amount: amount(5), reason: 'order' },
  release: { kind: 'release', hold: 9n, amount: amount(5) },
  releaseAll: { kind: 'release', hold: 9n },
  capture: { kind: 'capture', code: 'payment', hold: 9n, credit: payee, amount: amount(5) },
  reversal: { kind: 'reversal', code: 'reversal', transfer: 7n },
} as const satisfies Record<string, Move>;

const closed = (account: bigint): Refusal => ({ code: 'account_closed', account });
const stopped = (account: bigint): Refusal => ({ code: 'account_stopped', account, side: 'debit' });
const short = (account: bigint): Refusal => ({
  code: 'insufficient_funds',
  account,
  shortfall: 1n,
});
const differs: Refusal = { code: 'hold_owner_differs', hold: 9n };
const little: Refusal = { code: 'hold_insufficient', hold: 9n, remaining: 1n };

test.each<[keyof typeof moves, Refusal, string | undefined]>([
  ['transfer', closed(payer), 'debitAccount'],
  ['transfer', closed(payee), 'creditAccount'],
  ['transfer', stopped(payer), 'debitAccount'],
  ['transfer', stopped(payee), 'creditAccount'],
  ['transfer', short(payer), 'debitAccount'],
  ['transfer', { code: 'balance_limit_exceeded', account: payee, limit: 1n }, 'creditAccount'],
  ['transfer', { code: 'same_account', account: payer }, 'creditAccount'],
  ['transfer', { code: 'different_main_accounts', debit: payer, credit: payee }, 'creditAccount'],
  ['transfer', { code: 'currencies_differ', debit: 'CNY', credit: 'USD' }, 'creditAccount'],
  ['hold', closed(payer), 'account'],
  ['hold', short(payer), 'account'],
  ['hold', { code: 'hold_expiry_passed', expiresAt: '2026-01-01T00:00:00.000Z' }, 'expiresAt'],
  ['release', differs, 'owner'],
  ['release', little, 'amount'],
  ['releaseAll', little, undefined],
  ['capture', differs, 'owner'],
  ['capture', little, 'amount'],
  ['capture', closed(payee), 'creditAccount'],
  ['capture', closed(other), undefined],
  ['capture', { code: 'same_account', account: payee }, 'creditAccount'],
  ['capture', { code: 'hold_not_found', hold: 9n }, undefined],
  ['reversal', closed(payer), undefined],
  ['reversal', { code: 'different_main_accounts', debit: payer, credit: payee }, undefined],
  ['transfer', { code: 'request_id_reused' }, undefined],
])('the field that a refusal is about: %#, of a %s', (kind, refusal, field) => {
  expect(fieldOf(refusal, moves[kind])).toBe(field);
});
