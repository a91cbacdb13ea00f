import { randomUUID } from 'node:crypto';
import { Dice } from '../server/test/soak/dice.ts';
import type { World } from '../server/test/soak/world.ts';

export const UUID = '00000000-0000-0000-0000-000000000000';
const AMOUNT = '100';
const REFERENCE = 'order-1000000';

/** Makes the next request, in the same buffer each time: send it before asking for another. */
export type RequestMaker = () => Buffer;

/** POST /v1/transfers: one transfer a request, between any two accounts. */
export function transferRequests(world: World, seed: number): RequestMaker {
  return requestsOf(world, { path: '/v1/transfers', seed, items: 1, frame: (items) => items });
}

/** POST /v1/batches: so many independent transfers a request. */
export function batchRequests(world: World, seed: number, items: number): RequestMaker {
  const frame = (list: string) => `{"mode":"independent","items":[${list}]}`;
  return requestsOf(world, { path: '/v1/batches', seed, items, frame, type: '"type":"transfer",' });
}

/** All that differs between two requests has a fixed width, and is written over what the last one had. */
function requestsOf(
  { accounts, apiKey }: World,
  shape: {
    path: string;
    seed: number;
    items: number;
    frame: (items: string) => string;
    type?: string;
  },
): RequestMaker {
  const { path, seed, items, frame, type = '' } = shape;
  const numbers = accounts.map(({ number }) => number);
  const place = (numbers[0] ?? '').replaceAll(/\d/g, '0');
  const item = `{${type}"debitAccount":"${place}","creditAccount":"${place}","amount":${AMOUNT},"reference":"${REFERENCE}"}`;
  const body = frame(Array.from({ length: items }, () => item).join(','));
  const buffer = postRequest({ path, apiKey, body });
  const keyAt = buffer.indexOf(UUID);
  const holes = positions(buffer, items);
  const dice = new Dice(seed);
  return () => {
    buffer.write(randomUUID(), keyAt, 'latin1');
    for (const { debit, credit, amount, reference } of holes) {
      const from = dice.below(numbers.length);
      const to = (from + 1 + dice.below(numbers.length - 1)) % numbers.length;
      buffer.write(numbers[from] ?? '', debit, 'latin1');
      buffer.write(numbers[to] ?? '', credit, 'latin1');
      buffer.write(String(dice.between(100, 999)), amount, 'latin1');
      buffer.write(String(1_000_000 + dice.below(9_000_000)), reference, 'latin1');
    }
    return buffer;
  };
}

/** A POST with an Idempotency-Key of zeros, to be written over. */
export function postRequest({
  path,
  apiKey,
  body,
}: {
  path: string;
  apiKey: string;
  body: string;
}): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    `Authorization: Bearer ${apiKey}`,
    `Idempotency-Key: ${UUID}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
  ].join('\r\n');
  return Buffer.from(`${head}\r\n\r\n${body}`, 'latin1');
}

function positions(buffer: Buffer, items: number) {
  const holes: { debit: number; credit: number; amount: number; reference: number }[] = [];
  let at = 0;
  const after = (mark: string) => {
    at = buffer.indexOf(mark, at) + mark.length;
    return at;
  };
  for (let i = 0; i < items; i += 1) {
    holes.push({
      debit: after('"debitAccount":"'),
      credit: after('"creditAccount":"'),
      amount: after('"amount":'),
      reference: after('"reference":"order-'),
    });
  }
  return holes;
}
