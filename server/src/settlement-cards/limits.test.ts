// Goal: who tries too often waits as long as the rule says, and no longer. Method: attempts on a time line.
import { expect, test } from 'vitest';
import { type PastAttempt, waitOf } from './limits.ts';

const HOUR = 3_600_000;
const now = new Date('2026-11-24T12:00:00Z');
const ago = (hours: number) => new Date(now.getTime() - hours * HOUR);
const tried = (hours: number, verdict: string | null = 'refused', more = {}): PastAttempt => ({
  ...{ startedAt: ago(hours), verdict, memberId: 'm', card: 'c' },
  ...{ isMember: false, isCard: false, isIdentity: false, ...more },
});
const wait = (attempts: readonly PastAttempt[]) =>
  waitOf(attempts, { memberId: 'm', card: 'c', now });
const card = { isCard: true };
const member = { isMember: true };

test('three failures in a row lock a card for twelve hours after the last', () => {
  expect(wait([tried(1, 'refused', card), tried(2, 'refused', card)])).toBeUndefined();
  const three = [1, 2, 3].map((hours) => tried(hours, 'refused', card));
  expect(wait(three)).toEqual({ limitedBy: 'card', retryAt: ago(1 - 12) });
  expect(wait([12, 13, 14].map((hours) => tried(hours, 'refused', card)))).toBeUndefined();
});

test('a verified try ends the row, an undecided one is none, one that runs counts', () => {
  const row = [tried(1, 'refused', card), tried(2, 'verified', card)];
  const older = [tried(3, 'refused', card), tried(4, 'refused', card)];
  expect(wait([...row, ...older])).toBeUndefined();
  expect(wait([tried(1, 'undecided', card), ...older])).toBeUndefined();
  expect(wait([tried(1, null, card), ...older])).toMatchObject({ limitedBy: 'card' });
});

test('six tries of a card a day, ten of a member or an identity, however they end', () => {
  const tries = (count: number, whose: object) =>
    Array.from({ length: count }, (_, i) => tried(i, 'verified', whose));
  expect(wait(tries(5, card))).toBeUndefined();
  expect(wait(tries(6, card))).toEqual({ limitedBy: 'card', retryAt: ago(5 - 24) });
  expect(wait(tries(9, member))).toBeUndefined();
  expect(wait(tries(10, member))).toEqual({ limitedBy: 'member', retryAt: ago(9 - 24) });
  expect(wait(tries(10, { isIdentity: true }))).toMatchObject({ limitedBy: 'identity' });
});

test('a member has five other cards a day, a card three other members', () => {
  const cards = (count: number) =>
    Array.from({ length: count }, (_, i) => tried(i, 'verified', { ...member, card: `${i}` }));
  expect(wait(cards(4))).toBeUndefined();
  expect(wait(cards(5))).toEqual({ limitedBy: 'member', retryAt: ago(4 - 24) });
  const members = [1, 2, 3].map((hours) =>
    tried(hours, 'verified', { ...card, memberId: `${hours}` }),
  );
  expect(wait(members)).toEqual({ limitedBy: 'card', retryAt: ago(3 - 24) });
});

test('what is older than a day is forgotten; the longest wait is said', () => {
  expect(wait(Array.from({ length: 20 }, () => tried(24, 'refused', card)))).toBeUndefined();
  const failures = [1, 2, 3, 4, 5].map((hours) => tried(hours, 'refused', { ...card, ...member }));
  const strange = [tried(0, 'verified', { isMember: true }), ...failures];
  expect(wait(strange)).toEqual({ limitedBy: 'card', retryAt: ago(1 - 12) });
});
