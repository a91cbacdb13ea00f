import { expect, test } from 'vitest';
import { AppError, type Facts, type OwnFacts, PROBLEM_MEMBERS } from '../kernel/error.ts';
import { busy, outcomeUnknown, refusalErrors } from '../ledger/errors.ts';
import { internalError } from './errors.ts';
import { languageOf, retryAfterOf, toJson, toProblem } from './problem.ts';

test('facts are extension members, amounts are JSON integers digit by digit', () => {
  const error = new AppError(refusalErrors.insufficient_funds, {
    shortfall: 9_007_199_254_740_993n,
  });
  const json = toJson(toProblem(error, { language: 'zh', requestId: 'req_1' }));
  expect(json).toContain('"shortfall":9007199254740993');
  expect(JSON.parse(json)).toMatchObject({
    type: '/problems/insufficient_funds',
    title: '账户可用余额不足',
    status: 422,
    code: 'insufficient_funds',
    requestId: 'req_1',
    titles: refusalErrors.insufficient_funds.title,
  });
});

test('no fact takes the place of a member', () => {
  const error = new AppError(internalError, { status: 200, code: 'fine', requestId: 'other' });
  const problem = toProblem(error, { language: 'en', requestId: 'req_2' });
  expect(problem).toMatchObject({ status: 500, code: 'internal_error', requestId: 'req_2' });
});

test('an error cannot be defined with a fact that is named like a member', () => {
  // The compiler says this: a line that is not so does not compile.
  const status: { status: string } extends OwnFacts ? true : false = false;
  const detail: { detail?: string } extends OwnFacts ? true : false = false;
  const bankStatus: { bankStatus: string } extends OwnFacts ? true : false = true;
  expect([status, detail, bankStatus]).toEqual([false, false, true]);
  const members = toProblem(new AppError(internalError, {}), { language: 'en', requestId: 'x' });
  // Every member must be among those names, or a fact could take its place.
  const reserved: readonly string[] = PROBLEM_MEMBERS;
  expect(Object.keys(members).filter((name) => !reserved.includes(name))).toEqual([]);
});

test.each([
  ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
  ['zh', 'zh'],
  ['en-US,zh;q=0.5', 'en'],
  ['fr', 'en'],
  ['en;q=0.1, zh;q=0.9', 'zh'],
  ['zh;q=0.1, en-GB', 'en'],
  ['fr, zh-TW;q=0.2', 'zh'],
  ['zh;q=0', 'en'],
  ['*', 'en'],
  ['zh;q=much', 'en'],
  ['zhx', 'en'],
  [undefined, 'en'],
])('Accept-Language %s is answered in %s', (header, language) => {
  expect(languageOf(header)).toBe(language);
});

test('only what may pass by itself says when to come back', () => {
  expect(retryAfterOf(new AppError(busy, { retryAfterSeconds: 3 }), 1)).toBe(3);
  expect(retryAfterOf(new AppError<Facts>(outcomeUnknown, {}), 1)).toBe(1);
  expect(retryAfterOf(new AppError(internalError, {}), 1)).toBeUndefined();
});
