// Goal: which limits hold for whom, and how what is used adds up. Method: rules and usage as a table would give them.
import { expect, test } from 'vitest';
import { accountId } from '../ledger/index.ts';
import { type Act, accountSubject, type LimitRule, type Party, type Subject } from './rule.ts';
import { type Facts, Tally } from './tally.ts';

const [payer, payee] = [accountId(1n), accountId(2n)];
const UUIDS = [
  '01890000-0000-7000-8000-000000000001',
  '01890000-0000-7000-8000-000000000002',
] as const;
const MEMBER: Subject = `member/${UUIDS[0]}`;

const rule = (
  subject: Subject,
  limits: Partial<LimitRule>,
  uuid: string = UUIDS[0],
): LimitRule => ({
  ...{ uuid, subject, direction: 'out', act: 'any', currency: 'CNY', changedAt: new Date(0) },
  ...{ singleAmount: null, dayAmount: null, dayCount: null, monthAmount: null, monthCount: null },
  ...{ windowSeconds: null, windowAmount: null, windowCount: null },
  ...limits,
});
const facts = (rules: readonly LimitRule[], currency = 'CNY'): Facts => ({
  ...{ rules, entries: [], currency: () => currency },
  party: (account): Party => ({
    ...{ account, subject: accountSubject(account) },
    member: account === payer ? MEMBER : undefined,
  }),
});
const act = (amount: bigint, kind: Act['kind'] = 'transfer', moveIndex = 0): Act => ({
  ...{ kind, moveIndex, payer, amount },
  payees: kind === 'withdrawal' ? [] : [payee],
});
const admit = (rules: readonly LimitRule[], ...acts: Act[]) => {
  const { barred } = new Tally(facts(rules), new Map()).admit(acts);
  return barred?.refusal.code === 'limit_exceeded'
    ? [barred.refusal.limit, barred.refusal.remaining, barred.moveIndex]
    : undefined;
};

test('a limit is reached, not passed; amounts before counts', () => {
  const rules = [rule('account/1', { dayAmount: 10n, dayCount: 2 })];
  expect(admit(rules, act(10n))).toBeUndefined();
  expect(admit(rules, act(11n))).toEqual(['day_amount', 10n, 0]);
  expect(admit(rules, act(4n), act(4n, 'transfer', 1), act(2n, 'transfer', 2))).toEqual([
    ...['day_count', 0n, 2],
  ]);
});

test("an account's own rule replaces the platform's for the same act; a member's stands beside it", () => {
  const platform = rule('platform', { dayAmount: 1n });
  const own = rule('account/1', { dayAmount: 9n }, UUIDS[1]);
  expect(admit([platform], act(2n))).toEqual(['day_amount', 1n, 0]);
  expect(admit([platform, own], act(9n))).toBeUndefined();
  expect(admit([platform, { ...own, act: 'withdrawal' }], act(2n))).toEqual(['day_amount', 1n, 0]);
  expect(admit([own, rule(MEMBER, { singleAmount: 3n })], act(4n))).toEqual([
    'single_amount',
    3n,
    0,
  ]);
});

test('another act, direction or currency is another matter; a withdrawal and an escrow payment reach nobody', () => {
  const only = rule('account/1', { act: 'withdrawal', dayAmount: 0n });
  expect(admit([only], act(5n))).toBeUndefined();
  expect(admit([only], act(5n, 'withdrawal'))).toEqual(['day_amount', 0n, 0]);
  const arriving = rule('account/2', { direction: 'in', dayCount: 0 });
  expect(admit([arriving], act(5n))).toEqual(['day_count', 0n, 0]);
  expect(admit([arriving], act(5n, 'escrow_pay'))).toBeUndefined();
  const dollars = new Tally(facts([rule('platform', { dayCount: 0 })], 'USD'), new Map());
  expect(dollars.admit([act(1n)]).barred).toBeUndefined();
});

test('what is refused uses nothing of what the submission before it left', () => {
  const tally = new Tally(facts([rule('account/1', { dayAmount: 10n })]), new Map());
  expect(tally.admit([act(6n), act(6n, 'transfer', 1)]).barred).toMatchObject({ moveIndex: 1 });
  expect(tally.admit([act(6n)]).barred).toBeUndefined();
  expect(tally.admit([act(6n)]).barred?.refusal).toMatchObject({ used: 6n, remaining: 4n });
});
