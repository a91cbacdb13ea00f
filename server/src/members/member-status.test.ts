import { expect, test } from 'vitest';
import { MEMBER_STATUSES, REVIEW_ACTIONS, reviewedStatus } from './member-status.ts';

test('every review of every status', () => {
  const table = MEMBER_STATUSES.map((status) =>
    [status, ...REVIEW_ACTIONS.map((action) => reviewedStatus(status, action) ?? '-')].join(' '),
  );
  expect(REVIEW_ACTIONS).toEqual(['approve', 'reject', 'restrict', 'lift', 'close']);
  expect(table).toEqual([
    'applying active closed - - -',
    'active - - restricted - closed',
    'restricted - - - active closed',
    'closed - - - - -',
  ]);
});
