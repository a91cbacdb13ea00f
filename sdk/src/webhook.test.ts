import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { verifyWebhook, WebhookVerificationError } from './index.ts';

const secret = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
const old = 'whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=';
const event = {
  ...{ id: 'evt_1', type: 'bank_entry.credited', timestamp: '2026-11-23T08:30:00.000Z' },
  ...{ objectId: 'ben_1', data: { amount: 1250, reason: '来账' } },
};
const body = JSON.stringify(event);

function signed({ by = [secret], text = body, ageMs = 0 } = {}) {
  const at = new Date(Date.now() - ageMs);
  return {
    'webhook-id': event.id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': by.map((each) => new Webhook(each).sign(event.id, at, text)).join(' '),
  };
}

test('a message that was signed gives its event, from text, bytes and any kind of headers', () => {
  const headers = signed();
  expect(verifyWebhook({ secret, headers, body })).toEqual(event);
  const bytes = new TextEncoder().encode(body);
  expect(verifyWebhook({ secret, headers: new Headers(headers), body: bytes })).toEqual(event);
});

test('either secret will do while both sign', () => {
  const headers = signed({ by: [secret, old] });
  expect(verifyWebhook({ secret, headers, body })).toEqual(event);
  expect(verifyWebhook({ secret: old, headers, body })).toEqual(event);
});

test.each([
  ['another secret', { headers: signed({ by: [old] }) }],
  ['another body', { body: body.replace('1250', '9999') }],
  ['another id', { headers: { ...signed(), 'webhook-id': 'evt_2' } }],
  ['an old message', { headers: signed({ ageMs: 301_000 }) }],
  ['no headers', { headers: {} }],
  ['a body that is no event', { headers: signed({ text: '[]' }), body: '[]' }],
  ['a body that is not UTF-8', { body: new Uint8Array([0xff, 0xfe]) }],
])('%s is refused', (_, wrong) => {
  const verify = () => verifyWebhook({ secret, headers: signed(), body, ...wrong });
  expect(verify).toThrow(WebhookVerificationError);
});
