import { expect, test } from 'vitest';
import { refusal, testApp, testPlatform } from '../../test/support/fixtures.ts';
import { addMember, changeMember, listMembers, readMember } from './index.ts';

const app = await testApp();
await testPlatform(app, { platformId: 1n, members: 0 });
await testPlatform(app, { platformId: 2n, members: 0 });

const add = (name: string, reference?: string) =>
  addMember(app, 1n, { kind: 'company', name, reference });

test('a member is read as it was added, by its own platform only', async () => {
  const metadata = { 店铺: '一号' };
  const added = await addMember(app, 1n, {
    kind: 'person',
    name: '张三',
    reference: 'z-3',
    metadata,
  });
  expect(added).toMatchObject({ kind: 'person', name: '张三', reference: 'z-3', metadata });
  expect(added.createdAt).toEqual(app.clock.now());
  expect(await readMember(app, 1n, added.id)).toEqual(added);
  await expect(readMember(app, 2n, added.id)).rejects.toEqual(refusal('member_not_found'));
  await expect(readMember(app, 1n, 'mem_x')).rejects.toEqual(refusal('member_not_found'));
});

test('a reference is one member’s in its platform', async () => {
  const first = await add('A', 'shop-1');
  await expect(add('B', 'shop-1')).rejects.toEqual(refusal('member_reference_taken'));
  await addMember(app, 2n, { kind: 'company', name: 'A', reference: 'shop-1' });
  const second = await add('B');
  await expect(changeMember(app, 1n, second.id, { reference: 'shop-1' })).rejects.toEqual(
    refusal('member_reference_taken'),
  );
  const { members } = await listMembers(app, 1n, { reference: 'shop-1', limit: 10 });
  expect(members).toEqual([first]);
});

test('what is named is changed, and nothing else', async () => {
  const added = await add('A', 'shop-2');
  expect(await changeMember(app, 1n, added.id, {})).toEqual(added);
  expect(await changeMember(app, 1n, added.id, { name: 'B' })).toEqual({ ...added, name: 'B' });
  const changed = await changeMember(app, 1n, added.id, { reference: null, metadata: { a: '1' } });
  expect(changed).toEqual({ ...added, name: 'B', reference: null, metadata: { a: '1' } });
  await expect(changeMember(app, 2n, added.id, { name: 'C' })).rejects.toEqual(
    refusal('member_not_found'),
  );
});

test('pages joined are the whole list, in the order of adding', async () => {
  for (const name of ['C', 'D', 'E']) await add(name);
  const whole = await listMembers(app, 1n, { limit: 100 });
  expect(whole.next).toBeUndefined();
  const joined: string[] = [];
  let after: string | undefined;
  do {
    const page = await listMembers(app, 1n, { after, limit: 2 });
    joined.push(...page.members.map(({ id }) => id));
    after = page.next;
  } while (after);
  expect(joined).toEqual(whole.members.map(({ id }) => id));
  expect(whole.members.slice(-3).map(({ name }) => name)).toEqual(['C', 'D', 'E']);
});
