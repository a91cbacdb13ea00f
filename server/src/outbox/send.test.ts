// Goal: the address is checked when it is connected to, not only when the URL is written. Method: a name that leads to
// this machine, whatever its resolver says of others.
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { FakeClock, seededRandom } from '../../test/support/fakes.ts';
import { newWebhookSecret } from './secret.ts';
import { sendMessage } from './send.ts';

test('a name that leads to a private address is not connected to', async () => {
  const sender = { clock: new FakeClock(), toPrivate: false };
  const to = { url: `https://${hostname()}/`, secrets: [newWebhookSecret(seededRandom(1))] };
  const sent = await sendMessage(sender, { id: 'evt_1', body: '{}' }, to);
  expect(sent.status).toBe(null);
  expect(sent.error).toBe('address_refused');
});
