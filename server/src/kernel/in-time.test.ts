import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { inTime } from './in-time.ts';

const never = Promise.withResolvers<string>().promise;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('work in time is its result or its error, and leaves no timer behind', async () => {
  expect(await inTime(Promise.resolve('done'), 50, () => 'late')).toBe('done');
  const failed = Promise.reject(new Error('failed'));
  await expect(inTime(failed, 50, () => 'late')).rejects.toThrow('failed');
  expect(vi.getTimerCount()).toBe(0);
});

test('late work is what is said of it, at the limit and no sooner', async () => {
  const late = vi.fn(() => 'late');
  const answer = inTime(never, 50, late);
  await vi.advanceTimersByTimeAsync(49);
  expect(late).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(await answer).toBe('late');
  const thrown = inTime(never, 50, () => {
    throw new Error('too late');
  });
  const seen = expect(thrown).rejects.toThrow('too late');
  await vi.advanceTimersByTimeAsync(50);
  await seen;
});
