// Goal: every event reaches every endpoint that asks for it, signed, in the order of its object, whatever the endpoint
// does in between. Method: a receiver that listens on loopback, two deliverers on one database, and a clock that is
// moved by hand.
import { Webhook } from 'standardwebhooks';
import { afterEach, expect, test } from 'vitest';
import { refusal, testApp, testPlatform } from '../../test/support/fixtures.ts';
import { type Deliverer, openDeliverer } from './deliver.ts';
import { listDeliveries, readDelivery, replay } from './deliveries.ts';
import {
  addEndpoint,
  changeEndpoint,
  listEndpoints,
  pingEndpoint,
  readEndpoint,
  removeEndpoint,
  rotateSecret,
} from './endpoints.ts';
import { sequenceEvents, writeEvents } from './index.ts';
import { listEvents } from './read-events.ts';
import { type Received, startReceiver } from './testing.fixture.ts';

const app = { ...(await testApp()), webhooksToPrivate: true };
await testPlatform(app, { platformId: 1n, members: 0 });
await sequenceEvents(app, 1n);
const receiver = await startReceiver();
const faults: unknown[] = [];
const open = (): Deliverer =>
  openDeliverer({ ...app, onError: (error) => void faults.push(error) });
const [one, other] = [open(), open()];
const HOUR = 3_600_000;

/** Looks of the servers, each with the end of what it began, until there is nothing to be sent. */
async function deliver(servers: readonly Deliverer[] = [one, other]): Promise<void> {
  for (let before = -1; before < receiver.received.length; ) {
    before = receiver.received.length;
    await Promise.all(servers.map((server) => server.deliver(1n)));
    await Promise.all(servers.map((server) => server.settle()));
  }
}
async function happen(...objects: string[]): Promise<void> {
  const createdAt = app.clock.now();
  const events = objects.map((objectId) => ({ type: 'test.done', objectId, data: {}, createdAt }));
  await writeEvents(app.db, 1n, events);
  await sequenceEvents(app, 1n);
}
const seen = () => receiver.received.map(({ event }) => event.objectId);
const answering =
  (status: number) => (_: Received, response: { writeHead(code: number): { end(): unknown } }) =>
    void response.writeHead(status).end();
const add = (eventTypes?: string[]) => addEndpoint(app, 1n, { url: receiver.url, eventTypes });
const verifies = ({ body, headers }: Received, secret: string): boolean => {
  const [id, at] = [String(headers['webhook-id']), Number(headers['webhook-timestamp'])];
  const signature = new Webhook(secret).sign(id, new Date(at * 1000), body);
  return String(headers['webhook-signature']).split(' ').includes(signature);
};

afterEach(async () => {
  for (const { id } of await listEndpoints(app, 1n)) await removeEndpoint(app, 1n, id);
  receiver.received.length = 0;
  receiver.answer = answering(204);
  expect(faults).toEqual([]);
});

test('an event is sent once, signed over what is sent, to endpoints that ask for its type', async () => {
  const { secret, id } = await add(['test.done']);
  await add(['other.done']);
  await happen('a', 'b');
  await deliver();
  await deliver();
  expect(seen().toSorted()).toEqual(['a', 'b']);
  const [message] = receiver.received;
  const { events } = await listEvents(app, 1n, { objectId: message?.event.objectId, limit: 1 });
  expect(message?.event).toEqual({
    ...{ id: events[0]?.id, type: 'test.done', objectId: message?.event.objectId, data: {} },
    timestamp: app.clock.now().toISOString(),
  });
  expect(message?.headers).toMatchObject({
    'webhook-id': events[0]?.id,
    'webhook-timestamp': String(Math.floor(app.clock.now().getTime() / 1000)),
    'content-type': 'application/json',
  });
  expect(verifies(message!, secret)).toBe(true);
  expect(verifies(message!, 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')).toBe(false);
  const { deliveries } = await listDeliveries(app, 1n, id, { limit: 10 });
  expect(
    deliveries.map(({ state, attempts, lastStatus }) => [state, attempts, lastStatus]),
  ).toEqual([
    ['delivered', 1, 204],
    ['delivered', 1, 204],
  ]);
});

test('what fails is tried again with pauses and a new signature; its object waits, others do not', async () => {
  const { id, secret } = await add();
  receiver.answer = (message, response) => {
    response.writeHead(message.event.objectId === 'bad' ? 500 : 200).end();
  };
  await happen('bad', 'good', 'bad');
  // One server, whose round has a success: with two, one of them may see failures alone and leave the endpoint in peace.
  await deliver([one]);
  expect(seen().toSorted()).toEqual(['bad', 'good']);
  await happen('good');
  await deliver([one]);
  expect(seen().filter((objectId) => objectId === 'good')).toHaveLength(2);
  app.clock.advance(4_999);
  await deliver();
  expect(seen().filter((objectId) => objectId === 'bad')).toHaveLength(1);
  app.clock.advance(1_002);
  receiver.answer = answering(200);
  await deliver();
  const bad = receiver.received.filter(({ event }) => event.objectId === 'bad');
  const [first, again, second] = bad;
  expect(bad).toHaveLength(3);
  expect(again?.event.id).toBe(first?.event.id);
  expect(again?.headers['webhook-timestamp']).not.toBe(first?.headers['webhook-timestamp']);
  expect(second?.event.id).not.toBe(first?.event.id);
  expect(bad.every((message) => verifies(message, secret))).toBe(true);
  const { log, state } = await readDelivery(app, 1n, { id, event: first?.event.id ?? '' });
  expect(state).toBe('delivered');
  expect(log.map(({ number, status, error }) => [number, status, error])).toEqual([
    [2, 200, null],
    [1, 500, 'status_not_2xx'],
  ]);
});

test('after days it is given up, and what comes behind goes on; a replay sends it again', async () => {
  const { id } = await add();
  receiver.answer = (message, response) => {
    response.writeHead(message.event.data['poison'] === true ? 400 : 200).end();
  };
  const createdAt = app.clock.now();
  const poison = { type: 'test.done', objectId: 'x', data: { poison: true }, createdAt };
  await writeEvents(app.db, 1n, [poison]);
  await happen('x');
  for (let tries = 0; tries < 10; tries += 1) {
    await happen(`healthy${tries}`);
    await deliver([one]);
    await deliver([one]);
    app.clock.advance(30 * HOUR);
  }
  await deliver();
  const { deliveries } = await listDeliveries(app, 1n, id, { state: 'failed', limit: 10 });
  expect(deliveries).toMatchObject([{ objectId: 'x', attempts: 10, lastStatus: 400 }]);
  expect((await readEndpoint(app, 1n, id)).state).toBe('enabled');
  expect(receiver.received.at(-1)?.event).toMatchObject({ objectId: 'x', data: {} });

  receiver.answer = answering(200);
  expect(await replay(app, 1n, id, { since: createdAt, onlyFailed: true })).toBe(1);
  await deliver();
  expect(receiver.received.at(-1)?.event.data).toEqual({ poison: true });
  const all = receiver.received.length;
  expect(await replay(app, 1n, id, { since: createdAt, onlyFailed: false })).toBe(12);
  await deliver();
  expect(receiver.received).toHaveLength(all + 12);
});

test('an endpoint is told of one event again, of another type and from before it was there', async () => {
  await happen('before');
  const { events } = await listEvents(app, 1n, { objectId: 'before', limit: 1 });
  const { id } = await add(['other.done']);
  expect(await replay(app, 1n, id, { event: events[0]?.id ?? '' })).toBe(1);
  await deliver();
  expect(seen()).toEqual(['before']);
  const unknown = replay(app, 1n, id, { event: 'evt_x' });
  await expect(unknown).rejects.toEqual(refusal('event_not_found'));
});

test('both secrets sign while they overlap, and the new one alone after that', async () => {
  const { id, secret: old } = await add();
  const { secret, previousSecretUntil } = await rotateSecret(app, 1n, id, { overlapMs: HOUR });
  expect(previousSecretUntil).toEqual(new Date(app.clock.now().getTime() + HOUR));
  expect(secret).toMatch(/^whsec_/);
  await happen('a');
  await deliver();
  app.clock.advance(HOUR);
  await happen('b');
  await deliver();
  const [during, after] = receiver.received;
  expect([verifies(during!, old), verifies(during!, secret)]).toEqual([true, true]);
  expect([verifies(after!, old), verifies(after!, secret)]).toEqual([false, true]);
});

test('days without a success disable an endpoint, and the feed tells of it; enabling goes on', async () => {
  const { id } = await add(['test.done']);
  receiver.answer = answering(503);
  await happen('a');
  await deliver();
  expect((await readEndpoint(app, 1n, id)).failingSince).toEqual(app.clock.now());
  app.clock.advance(5 * 24 * HOUR);
  await deliver();
  expect(await readEndpoint(app, 1n, id)).toMatchObject({
    ...{ state: 'disabled', disabledReason: 'failing' },
  });
  await sequenceEvents(app, 1n);
  const { events } = await listEvents(app, 1n, { objectId: id, limit: 10 });
  expect(events).toMatchObject([
    { type: 'webhook_endpoint.disabled', data: { reason: 'failing' } },
  ]);
  app.clock.advance(24 * HOUR);
  await deliver();
  expect(receiver.received).toHaveLength(2);
  receiver.answer = answering(200);
  expect(await changeEndpoint(app, 1n, id, { state: 'enabled' })).toMatchObject({
    ...{ state: 'enabled', failingSince: null },
  });
  await deliver();
  expect(receiver.received).toHaveLength(3);
});

test('410 disables an endpoint at once', async () => {
  const { id } = await add();
  receiver.answer = answering(410);
  await happen('a');
  await deliver();
  expect(await readEndpoint(app, 1n, id)).toMatchObject({ disabledReason: 'gone' });
});

test('redirects are not followed, answers without end are cut off, hang-ups are told', async () => {
  const { id } = await add();
  receiver.answer = (_, response) => {
    response.writeHead(302, { location: `${receiver.url}/elsewhere` }).end();
  };
  expect(await pingEndpoint(app, 1n, id)).toMatchObject({
    ...{ status: 302, error: 'redirects_not_followed' },
  });
  expect(receiver.received.map(({ path }) => path)).toEqual(['/hook']);
  receiver.answer = (_, response) => {
    response.writeHead(200);
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(16_384)));
    };
    response.on('drain', more);
    more();
  };
  expect(await pingEndpoint(app, 1n, id)).toMatchObject({ status: 200, error: null });
  receiver.answer = (_, response) => void response.destroy();
  expect(await pingEndpoint(app, 1n, id)).toMatchObject({ status: null, error: 'econnreset' });
});

test('nothing is sent to private addresses unless that is allowed, by whatever name', async () => {
  const strict = { ...app, webhooksToPrivate: false };
  for (const url of [
    ...['http://example.com/', 'https://127.0.0.1/', 'https://[::1]/', 'https://[::ffff:7f00:1]/'],
    ...['https://10.0.0.1/', 'https://169.254.169.254/', 'https://2130706433/', 'https://0x7f.1/'],
    ...['https://localhost/', 'https://u:p@example.com/', 'ftp://example.com/', 'nothing'],
  ]) {
    const added = addEndpoint(strict, 1n, { url });
    await expect(added, url).rejects.toEqual(refusal('webhook_url_refused'));
  }
  // One that was added when it was allowed is not sent to any more.
  const { id } = await add();
  expect(await pingEndpoint(strict, 1n, id)).toMatchObject({ error: 'address_refused' });
  expect(receiver.received).toEqual([]);
});

test('a lease that nobody ends runs out, and somebody else sends', async () => {
  await add(['test.done']);
  await happen('a');
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  const open: { end(): void }[] = [];
  receiver.answer = (_, response) => {
    open.push({ end: () => response.writeHead(200).end() });
    resolve();
  };
  await one.deliver(1n);
  await arrived;
  // The first one hangs, and holds the lease: nobody else sends.
  await other.deliver(1n);
  await other.settle();
  expect(receiver.received).toHaveLength(1);
  app.clock.advance(61_000);
  receiver.answer = answering(200);
  await other.deliver(1n);
  await other.settle();
  expect(receiver.received).toHaveLength(2);
  for (const each of open) each.end();
  await one.settle();
  await deliver();
  expect(receiver.received).toHaveLength(2);
});
