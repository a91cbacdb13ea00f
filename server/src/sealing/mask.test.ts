import { expect, test } from 'vitest';
import { maskEnds, maskName } from './index.ts';

test.each([
  ['13812345678', { first: 3, last: 4 }, '138****5678'],
  ['11010519491231002X', { first: 3, last: 4 }, '110****002X'],
  ['6222021234567890123', { first: 4, last: 4 }, '6222****0123'],
  ['1234567', { first: 3, last: 4 }, '****'],
  ['', { first: 0, last: 4 }, '****'],
])('%s is shown as its ends', (text, shown, masked) => {
  expect(maskEnds(text, shown)).toBe(masked);
});

test.each([
  ['张三', '*三'],
  ['张三丰', '**丰'],
  ['𠮷', '*'],
  ['李𠮷', '*𠮷'],
  ['Alexander Hamilton', '****n'],
])('the name %s is shown as %s', (name, masked) => {
  expect(maskName(name)).toBe(masked);
});
