import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deadlines } from './deadlines.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('each is told when its own time is over, and not when it has ended before', () => {
  const told: string[] = [];
  const deadlines = new Deadlines(100);
  const begin = (name: string) => {
    const late = () => told.push(name);
    deadlines.add(late);
    return () => deadlines.remove(late);
  };
  begin('a');
  vi.advanceTimersByTime(40);
  const endB = begin('b');
  vi.advanceTimersByTime(30);
  begin('c');
  vi.advanceTimersByTime(29);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(['a']);
  endB();
  vi.advanceTimersByTime(69);
  expect(told).toEqual(['a']);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(['a', 'c']);
});

test('nothing waits when nothing is under way, and what begins later has its whole time', () => {
  const deadlines = new Deadlines(100);
  const late = vi.fn();
  deadlines.add(late);
  deadlines.remove(late);
  vi.advanceTimersByTime(100);
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(50);
  deadlines.add(late);
  vi.advanceTimersByTime(99);
  expect(late).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(late).toHaveBeenCalledOnce();
});

test('one that is late may begin another', () => {
  const deadlines = new Deadlines(100);
  const second = vi.fn();
  deadlines.add(() => deadlines.add(second));
  vi.advanceTimersByTime(100);
  expect(second).not.toHaveBeenCalled();
  vi.advanceTimersByTime(100);
  expect(second).toHaveBeenCalledOnce();
});
