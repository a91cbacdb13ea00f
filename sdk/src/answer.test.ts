import { expect, test } from 'vitest';
import { answerOf, createGuanjia, OutcomeUnknownError, ProblemError } from './index.ts';

/** A client whose server gives these answers in turn, the last one again and again. */
function clientOf(...answers: (() => Response)[]) {
  const asked: string[] = [];
  const guanjia = createGuanjia({
    baseUrl: 'http://guanjia.test',
    apiKey: 'gj_1_key',
    newKey: () => 'made',
    fetch: (request) => {
      const answer = answers[Math.min(asked.length, answers.length - 1)];
      asked.push(request.url);
      if (!answer) return Promise.reject(new Error('no answer was given'));
      return Promise.resolve(answer());
    },
    wait: () => Promise.resolve(),
  });
  return { guanjia, asked };
}

const problem = (status: number, code: string, facts: object = {}) => {
  const titles = { en: code, zh: code };
  const body = { type: `/problems/${code}`, title: code, status, code, requestId: 'req-1', titles };
  const headers = { 'content-type': 'application/problem+json' };
  return () => new Response(JSON.stringify({ ...body, ...facts }), { status, headers });
};
const done = () => Response.json({ id: 'trf_1' }, { status: 201 });
const body = { debitAccount: '8'.repeat(19), creditAccount: '9'.repeat(19), amount: 1230 };
const failureOf = (call: Promise<unknown>) => call.catch((error: unknown) => error);

test('an outcome that stays unknown is told as that, with the key to ask again with', async () => {
  const { guanjia, asked } = clientOf(problem(503, 'outcome_unknown'));
  const failure = await failureOf(answerOf(guanjia.POST('/v1/transfers', { body })));
  expect(asked).toHaveLength(5);
  expect(failure).toBeInstanceOf(OutcomeUnknownError);
  expect(failure).toMatchObject({ idempotencyKey: 'made', cause: { code: 'outcome_unknown' } });
});

test('a server that is busy to the end did nothing: that is a problem, and no doubt', async () => {
  const { guanjia } = clientOf(problem(503, 'busy'));
  const failure = await failureOf(answerOf(guanjia.POST('/v1/transfers', { body })));
  expect(failure).toBeInstanceOf(ProblemError);
  expect(failure).toMatchObject({ code: 'busy', status: 503, requestId: 'req-1', facts: {} });
});

test('a proxy that has no answer from the server is asked again, and leaves doubt in the end', async () => {
  const badGateway = () => new Response('<html>', { status: 502 });
  const gatewayTimeout = () => new Response('<html>', { status: 504 });
  const recovered = clientOf(badGateway, gatewayTimeout, done);
  const call = recovered.guanjia.POST('/v1/transfers', { body });
  expect(await answerOf(call)).toEqual({ id: 'trf_1' });
  const lost = clientOf(gatewayTimeout);
  const failure = await failureOf(answerOf(lost.guanjia.POST('/v1/transfers', { body })));
  expect(failure).toMatchObject({ name: 'OutcomeUnknownError', idempotencyKey: 'made' });
});

test('an answer that breaks off is asked for again', async () => {
  const cutOff = () =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode('{"id":"tr'));
          controller.error(new Error('cut off'));
        },
      }),
      { status: 201, headers: { 'content-type': 'application/json' } },
    );
  const { guanjia, asked } = clientOf(cutOff, done);
  expect(await answerOf(guanjia.POST('/v1/transfers', { body }))).toEqual({ id: 'trf_1' });
  expect(asked).toHaveLength(2);
});

test('what takes no key and was not answered leaves doubt without a key; a read leaves none', async () => {
  const broken = () => {
    throw new TypeError('fetch failed');
  };
  const { guanjia } = clientOf(broken);
  const member = { kind: 'company' as const, name: 'A' };
  const changed = await failureOf(guanjia.POST('/v1/members', { body: member }));
  expect(changed).toMatchObject({ name: 'OutcomeUnknownError', idempotencyKey: undefined });
  expect(await failureOf(guanjia.GET('/v1/platform'))).toBeInstanceOf(TypeError);
});

test('an answer without content is an answer', async () => {
  const { guanjia } = clientOf(() => new Response(null, { status: 204 }));
  const params = { path: { id: 'key_1' } };
  expect(await answerOf(guanjia.DELETE('/v1/api-keys/{id}', { params }))).toBeUndefined();
});

test('a list whose cursor leads to itself ends with an error', async () => {
  const page = () => Response.json({ data: [{ id: 'mem_1' }], nextCursor: 'again' });
  const { guanjia, asked } = clientOf(page);
  const walk = async () => {
    const seen: string[] = [];
    for await (const { id } of guanjia.each('/v1/members')) seen.push(id);
    return seen;
  };
  await expect(walk()).rejects.toThrow('a cursor leads to itself');
  expect(asked).toHaveLength(2);
});
