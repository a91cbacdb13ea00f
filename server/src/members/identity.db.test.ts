// Goal: what identifies a member is in no column, answer or error as it was given, is found all the same, and goes
// over to a new key. Method: known numbers, and a look at the rows themselves.
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { FakeClock, seededRandom, testSealKeys } from '../../test/support/fakes.ts';
import { refusal, testApp, testPlatform } from '../../test/support/fixtures.ts';
import { openSealer, parseKeys } from '../sealing/index.ts';
import {
  addMember,
  identifyMember,
  type MemberKind,
  readIdentity,
  renewIdentities,
  reviewMember,
  searchMembers,
} from './index.ts';

const app = await testApp();
for (const platformId of [1n, 2n]) await testPlatform(app, { platformId, members: 0 });
const NUMBER = '11010519491231002X';
const CODE = '91350100M000100Y43';
const zhang = {
  legalName: '张三',
  identityNumber: NUMBER.toLowerCase(),
  mobile: '+86 138 0013 8000',
};
const add = (kind: Exclude<MemberKind, 'platform'>, platformId = 1n) =>
  addMember(app, platformId, { kind, name: 'M' });
const rowsAsText = async () => {
  const { rows } = await sql<{ row: string }>`
    select to_jsonb(i)::text as row from member_identity i where platform_id in (1, 2)`.execute(
    app.db,
  );
  return rows.map(({ row }) => row).join('\n');
};

test('an identity is answered masked, kept sealed, and found by its numbers in its own platform', async () => {
  const member = await add('person');
  const other = await add('person', 2n);
  await expect(readIdentity(app, 1n, member.id)).rejects.toEqual(
    refusal('member_identity_missing'),
  );
  const masked = await identifyMember(app, 1n, member.id, zhang);
  await identifyMember(app, 2n, other.id, zhang);
  expect(masked).toEqual({
    ...{ legalName: '*三', identityNumber: '110****002X', creditCode: null, mobile: '138****8000' },
    updatedAt: app.clock.now(),
  });
  expect(await readIdentity(app, 1n, member.id)).toEqual(masked);
  const kept = await rowsAsText();
  for (const secret of ['张三', NUMBER, '13800138000', '8000']) expect(kept).not.toContain(secret);
  for (const wanted of [{ identityNumber: NUMBER }, { mobile: '13800138000' }]) {
    expect(await searchMembers(app, 1n, wanted)).toEqual([member]);
    expect(await searchMembers(app, 2n, wanted)).toEqual([other]);
  }
  expect(await searchMembers(app, 1n, { creditCode: CODE })).toEqual([]);
  // Another row's sealed text does not open in this one.
  await sql`update member_identity set mobile = (select mobile from member_identity where platform_id = 2)
             where platform_id = 1`.execute(app.db);
  await expect(readIdentity(app, 1n, member.id)).rejects.toEqual(
    refusal('seal_broken', { table: 'member_identity', column: 'mobile' }),
  );
  await identifyMember(app, 1n, member.id, { ...zhang, mobile: '13900139000' });
  expect(await searchMembers(app, 1n, { mobile: '13800138000' })).toEqual([]);
});

test('each kind has its own numbers, and an error repeats none of them', async () => {
  const wrongOf = async (kind: Exclude<MemberKind, 'platform'>, input: object) => {
    const { id } = await add(kind);
    const answer: unknown = await identifyMember(app, 1n, id, { legalName: 'N', ...input }).then(
      () => [],
      (error: { facts: { errors: { pointer: string }[] } }) => {
        expect(error).toEqual(refusal('member_identity_invalid'));
        for (const value of Object.values(input))
          expect(JSON.stringify(error.facts)).not.toContain(value);
        return error.facts.errors.map(({ pointer }) => pointer);
      },
    );
    return answer;
  };
  const [identityNumber, creditCode] = [NUMBER, CODE];
  expect(await wrongOf('person', { identityNumber })).toEqual([]);
  expect(await wrongOf('company', { creditCode, mobile: '13800138000' })).toEqual([]);
  expect(await wrongOf('sole_trader', { identityNumber, creditCode })).toEqual([]);
  expect(await wrongOf('person', { creditCode })).toEqual(['/identityNumber', '/creditCode']);
  expect(await wrongOf('company', { identityNumber })).toEqual(['/identityNumber', '/creditCode']);
  expect(await wrongOf('sole_trader', { creditCode })).toEqual(['/identityNumber']);
  const mistyped = { identityNumber: '110105194912310021', mobile: '12345' };
  expect(await wrongOf('person', mistyped)).toEqual(['/identityNumber', '/mobile']);
  for (const wanted of [{}, { identityNumber, creditCode }, { mobile: '1' }])
    await expect(searchMembers(app, 1n, wanted)).rejects.toEqual(
      refusal('member_identity_invalid'),
    );
});

test('after a change of keys all is found at once, and nothing is left under the old key', async () => {
  const members = [];
  for (let i = 0; i < 3; i += 1) members.push(await add('person', 2n));
  for (const { id } of members)
    await identifyMember(app, 2n, id, { ...zhang, mobile: '13700137000' });
  const newText = `new:${Buffer.alloc(32, 9).toString('base64')}`;
  const oldText = `test:${Buffer.alloc(32, 7).toString('base64')}`;
  expect(parseKeys(oldText)?.current.id).toBe(testSealKeys().current.id);
  const random = seededRandom(2);
  const on = (text: string) => ({
    ...{ db: app.db, clock: new FakeClock() },
    sealer: openSealer({ keys: parseKeys(text), random }),
  });
  const both = on(`${newText},${oldText}`);
  expect(await searchMembers(both, 2n, { mobile: '13700137000' })).toEqual(members);
  await expect(renewIdentities(on(newText), 2n)).rejects.toEqual(
    refusal('seal_key_missing', { keyId: 'test' }),
  );
  expect(await renewIdentities(both, 2n)).toBe(4);
  expect(await renewIdentities(both, 2n)).toBe(0);
  const alone = on(newText);
  expect(await searchMembers(alone, 2n, { mobile: '13700137000' })).toEqual(members);
  expect(await readIdentity(alone, 2n, members[0]!.id)).toMatchObject({ mobile: '137****7000' });
});

test('a closed member keeps the identity that it has', async () => {
  const member = await add('person');
  const decision = { action: 'close', reviewer: 'Li', reason: 'left', apiKey: 'key_1' } as const;
  await reviewMember(app, 1n, member.id, decision);
  await expect(identifyMember(app, 1n, member.id, zhang)).rejects.toEqual(refusal('member_closed'));
});
