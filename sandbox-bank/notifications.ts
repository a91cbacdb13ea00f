import { createHmac } from 'node:crypto';
import type { Entry } from './books.ts';
import type { Faults } from './faults.ts';
import { yuan } from './money.ts';
import { Refusal } from './refusal.ts';
import { readSetting, type Store, textOf, wholeOf, writeSetting } from './store.ts';

/** A notification is tried so often; then it is given up, and polling has to find the entry. */
const MAX_ATTEMPTS = 5;
const ANSWER_LIMIT_MS = 2_000;
const SENT_AT_ONCE = 100;
const LISTED = 100;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Telling a customer of each line of its account, by HTTP POST. The lines are the truth; this is a hint. */
export interface Notifications {
  /** Queues what is to be told of a line. Part of the transaction that wrote it. */
  tell(entry: Entry): void;
  /** Where to send to, and what to sign with; undefined sends nothing. Refuses what is not on this machine. */
  subscribe(url: string | undefined, secret: string | undefined): void;
  readonly url: string | undefined;
  list(): { id: number; body: string; attempts: number; outcome: string | null }[];
  /** Sends what waits, in order. */
  send(): Promise<void>;
}

export function openNotifications(store: Store, faults: Faults): Notifications {
  let sending = false;
  const url = () => readSetting(store, 'notify_url');
  return {
    get url() {
      return url();
    },
    subscribe: (to, secret) => {
      if (to === undefined) return store.run(`delete from setting where name = 'notify_url'`);
      const parsed = URL.parse(to);
      if (parsed?.protocol !== 'http:' || !LOOPBACK.has(parsed.hostname)) {
        throw new Refusal(422, 'invalid', 'url must be an http address of this machine.');
      }
      writeSetting(store, 'notify_url', to);
      if (secret === undefined) store.run(`delete from setting where name = 'notify_secret'`);
      else writeSetting(store, 'notify_secret', secret);
    },
    tell: (entry) => {
      if (url() !== undefined) queue(store, faults, entry);
    },
    list: () =>
      store.all('select * from notification order by id desc limit ?', LISTED).map((row) => ({
        id: Number(wholeOf(row, 'id')),
        body: textOf(row, 'body'),
        attempts: Number(wholeOf(row, 'attempts')),
        outcome: row['outcome'] === null ? null : textOf(row, 'outcome'),
      })),
    send: async () => {
      if (sending) return;
      sending = true;
      try {
        await sendWaiting(store, { url: url(), secret: readSetting(store, 'notify_secret') });
      } finally {
        sending = false;
      }
    },
  };
}

function queue(store: Store, faults: Faults, entry: Entry): void {
  const wrong = faults.take('wrong_amount_notification', null);
  const amount = entry.amount + BigInt(wrong?.value ?? 0);
  const body = JSON.stringify({
    ...{ account: entry.account, cursor: String(entry.seq), reference: entry.reference },
    ...{ direction: entry.direction, amount: yuan(amount), bookedAt: entry.at },
    payoutReference: entry.payoutReference,
  });
  const held = store.get('select id, body from notification where held = 1 order by id limit 1');
  const hold = !held && faults.take('out_of_order_notification', null) !== undefined;
  const add = (text: string, isHeld: boolean) =>
    store.run('insert into notification (body, held) values (?, ?)', text, isHeld ? 1 : 0);
  add(body, hold);
  if (faults.take('duplicate_notification', null)) add(body, false);
  if (!held) return;
  store.run('delete from notification where id = ?', wholeOf(held, 'id'));
  add(textOf(held, 'body'), false);
}

async function sendWaiting(
  store: Store,
  { url, secret }: { url: string | undefined; secret: string | undefined },
): Promise<void> {
  if (url === undefined) return;
  const waiting = store.all(
    'select id, body, attempts from notification where outcome is null and held = 0 order by id limit ?',
    SENT_AT_ONCE,
  );
  for (const row of waiting) {
    const ok = await post(url, textOf(row, 'body'), secret);
    const attempts = Number(wholeOf(row, 'attempts')) + 1;
    const outcome = ok ? 'delivered' : attempts >= MAX_ATTEMPTS ? 'given up' : null;
    store.run(
      'update notification set attempts = ?, outcome = ? where id = ?',
      ...[attempts, outcome, wholeOf(row, 'id')],
    );
    if (!ok) return; // the others wait for the next turn, so that the order stays
  }
}

async function post(url: string, body: string, secret: string | undefined): Promise<boolean> {
  const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
  const signed = secret === undefined ? {} : { 'x-bank-signature': signatureOf(body, secret) };
  const headers = { 'content-type': 'application/json', ...signed };
  try {
    const answer = await fetch(url, { method: 'POST', body, headers, signal, redirect: 'error' });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

/** HMAC-SHA-256 of `name=value` in the order of the names, joined by `&`, without empty ones; in hexadecimal. */
function signatureOf(body: string, secret: string): string {
  const fields: unknown = JSON.parse(body);
  const text = Object.entries(fields ?? {})
    .flatMap(([name, value]) => (value ? [`${name}=${value}`] : []))
    .sort()
    .join('&');
  return createHmac('sha256', secret).update(text).digest('hex');
}
