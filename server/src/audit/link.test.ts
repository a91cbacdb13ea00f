import { expect, test } from 'vitest';
import { type ChainHead, checkLink, FIRST_HASH, linkHash, type StoredLink } from './link.ts';

const start: ChainHead = { sequence: 0n, hash: FIRST_HASH };
const follow = (last: ChainHead, content: string): StoredLink => {
  const sequence = last.sequence + 1n;
  const hash = linkHash(last.hash, sequence, content);
  return { sequence, auditId: sequence, previousHash: last.hash, hash, content };
};
const first = follow(start, 'one');
const second = follow(first, 'two');
const third = follow(second, 'three');

test('links that follow each other are found right', () => {
  expect(checkLink(start, first, 'a')).toEqual([]);
  expect(checkLink(first, second, 'b')).toEqual([]);
});

test('the hash is of the link before, the place and the entry', () => {
  const hash = linkHash(FIRST_HASH, 1n, 'one').toString('hex');
  expect(linkHash(first.hash, 1n, 'one').toString('hex')).not.toBe(hash);
  expect(linkHash(FIRST_HASH, 2n, 'one').toString('hex')).not.toBe(hash);
  expect(linkHash(FIRST_HASH, 1n, 'One').toString('hex')).not.toBe(hash);
});

test.each([
  ['an altered entry', { ...second, content: 'TWO' }, 'was altered'],
  ['a removed entry', { ...second, content: null }, 'was removed; it stood at place 2'],
  [
    'a link that was made anew',
    follow({ sequence: 1n, hash: FIRST_HASH }, 'two'),
    'does not follow place 1',
  ],
  ['a link that is missing', third, 'place 2 is missing'],
])('%s is named', (_, link, detail) => {
  const found = checkLink(first, link, 'entry');
  expect(found.map((each) => each.detail)).toEqual([expect.stringContaining(detail)]);
});
