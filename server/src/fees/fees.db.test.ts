import { expect, test } from 'vitest';
import { refusal, testApp, testPlatform } from '../../test/support/fixtures.ts';
import type { Price } from '../kernel/price.ts';
import { addMember } from '../members/index.ts';
import { listFeeRules, putFeeRule, quoteFee } from './index.ts';

const app = await testApp();
await testPlatform(app, { platformId: 1n, members: 0 });
await testPlatform(app, { platformId: 2n, members: 0 });
const member = await addMember(app, 1n, { kind: 'company', name: 'A' });
const other = await addMember(app, 1n, { kind: 'company', name: 'B' });

const fixed = (fee: bigint): Price => ({
  ...{ fixed: fee, ratePpm: 0n, tiers: null },
  ...{ min: null, max: null, rounding: 'half_up' },
});
const put = (
  product: string,
  input: Partial<Parameters<typeof putFeeRule>[2]> & { price: Price | null },
) =>
  putFeeRule(app, 1n, {
    ...{ product, currency: 'CNY', memberId: null, bearer: 'payer', timing: 'now' },
    ...input,
  });
const feeOf = async (product: string, question: { memberId?: string; at?: Date } = {}) =>
  (await quoteFee(app, 1n, { product, currency: 'CNY', amount: 10_000n, ...question })).fee;
const later = (days: number) => new Date(app.clock.now().getTime() + days * 86_400_000);

test('a rule is read as it was put, amounts beyond doubles and bands too', async () => {
  const price: Price = {
    ...{ fixed: 1n, ratePpm: 6000n, min: 10n, max: 999_999_999_999n, rounding: 'up' },
    tiers: {
      mode: 'marginal',
      bands: [
        { upTo: 2n ** 53n - 1n, fixed: 3n, ratePpm: 100n },
        { upTo: null, fixed: 0n, ratePpm: 50n },
      ],
    },
  };
  const rule = await put('kept', { price, bearer: 'payee', timing: 'month_end' });
  expect(rule).toMatchObject({ version: 1, price, memberId: null, validUntil: null });
  const { rules } = await listFeeRules(app, 1n, { product: 'kept', limit: 10 });
  expect(rules).toEqual([rule]);
  expect((await listFeeRules(app, 2n, { product: 'kept', limit: 10 })).rules).toEqual([]);
});

test('of versions that cover the moment the one that began last is in force, and all are kept', async () => {
  await put('versions', { price: fixed(100n) });
  await put('versions', { price: fixed(50n), validFrom: later(10), validUntil: later(20) });
  expect(await feeOf('versions')).toBe(100n);
  expect(await feeOf('versions', { at: later(10) })).toBe(50n);
  expect(await feeOf('versions', { at: new Date(later(20).getTime() - 1) })).toBe(50n);
  expect(await feeOf('versions', { at: later(20) })).toBe(100n);
  const { rules } = await listFeeRules(app, 1n, { product: 'versions', limit: 10 });
  expect(rules.map(({ version }) => version)).toEqual([2, 1]);
  // Correcting what is in force now does not outrank what was announced for later.
  await put('versions', { price: fixed(99n) });
  expect(await feeOf('versions')).toBe(99n);
  expect(await feeOf('versions', { at: later(10) })).toBe(50n);
});

test('a member’s own rule comes before the platform’s until it has no price', async () => {
  const { id: memberId } = member;
  await put('own', { price: fixed(100n) });
  await put('own', { price: fixed(1n), memberId });
  expect(await feeOf('own', { memberId })).toBe(1n);
  expect(await feeOf('own', { memberId: other.id })).toBe(100n);
  expect(await feeOf('own')).toBe(100n);
  await put('own', { price: null, memberId });
  expect(await feeOf('own', { memberId })).toBe(100n);
  await put('own', { price: null });
  await expect(feeOf('own')).rejects.toEqual(refusal('fee_rule_not_found', { product: 'own' }));
});

test('who bears it, and when', async () => {
  const sidesOf = async (bearer: 'payer' | 'payee' | 'platform', timing: 'now' | 'month_end') => {
    await put('sides', { price: fixed(30n), bearer, timing });
    const quote = await quoteFee(app, 1n, { product: 'sides', currency: 'CNY', amount: 100n });
    const { payerPays, payeeReceives, platformPays, dueAtMonthEnd } = quote;
    return [payerPays, payeeReceives, platformPays, dueAtMonthEnd];
  };
  expect(await sidesOf('payer', 'now')).toEqual([130n, 100n, 0n, 0n]);
  expect(await sidesOf('payee', 'now')).toEqual([100n, 70n, 0n, 0n]);
  expect(await sidesOf('platform', 'now')).toEqual([100n, 100n, 30n, 0n]);
  expect(await sidesOf('payee', 'month_end')).toEqual([100n, 100n, 0n, 30n]);
});

test('a payee cannot pay more than comes', async () => {
  await put('large', { price: fixed(101n), bearer: 'payee' });
  const ask = (amount: bigint) => quoteFee(app, 1n, { product: 'large', currency: 'CNY', amount });
  expect((await ask(101n)).payeeReceives).toBe(0n);
  await expect(ask(100n)).rejects.toEqual(refusal('fee_exceeds_amount', { fee: 101n }));
});

test('a rule that cannot be is refused with the fields that are wrong', async () => {
  const { id: foreign } = await addMember(app, 2n, { kind: 'company', name: 'F' });
  const wrong = put('wrong', {
    price: { ...fixed(0n), min: 2n, max: 1n },
    ...{ memberId: foreign, validFrom: later(-1), validUntil: later(-2) },
  });
  const pointers = ['/memberId', '/validFrom', '/validUntil', '/price/max'];
  await expect(wrong).rejects.toMatchObject({
    definition: { code: 'fee_rule_invalid' },
    facts: { errors: pointers.map((pointer) => expect.objectContaining({ pointer }) as unknown) },
  });
  await expect(feeOf('versions', { memberId: foreign })).rejects.toEqual(
    refusal('fee_rule_invalid'),
  );
});

test('versions that are put at the same moment are numbered one after another', async () => {
  const puts = Array.from({ length: 3 }, (_, i) => put('race', { price: fixed(BigInt(i)) }));
  const versions = (await Promise.all(puts)).map(({ version }) => version);
  expect(versions.sort()).toEqual([1, 2, 3]);
});

test('pages joined are the whole list', async () => {
  const whole = await listFeeRules(app, 1n, { limit: 100 });
  const first = await listFeeRules(app, 1n, { limit: 4 });
  const rest = await listFeeRules(app, 1n, { after: first.next, limit: 100 });
  expect([...first.rules, ...rest.rules]).toEqual(whole.rules);
  expect(rest.next).toBeUndefined();
});
