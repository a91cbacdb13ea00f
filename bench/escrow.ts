/** Escrow orders over HTTP: each is paid, and then released and split three ways. */
import { randomUUID } from 'node:crypto';
import { Dice } from '../server/test/soak/dice.ts';
import type { World } from '../server/test/soak/world.ts';
import type { Contender, Slice } from './contender.ts';
import { openFlow } from './flow.ts';
import type { Place } from './place.ts';
import { postRequest, UUID } from './requests.ts';
import type { WireConnection } from './wire-client.ts';

const PATH = '/v1/escrow-orders';
/** As many as the plain transfers have, with which it is compared. */
const CONNECTIONS = 128;
/** Of a release: a commission of 3%, a partner's 2%, and the rest to the seller. */
const SPLIT_WAYS = 3;
const [COMMISSION_PPM, PARTNER_PPM] = [30_000, 20_000];
/** Putting the money aside is a move too. */
const MOVES_PER_ORDER = SPLIT_WAYS + 1;

/** A server of its own; each step is an order from its payment to its release: two requests, three transfers. */
export function openEscrow(
  place: Place,
  { name, warmUpMs }: { name: string; warmUpMs: number },
): Promise<Contender<Slice>> {
  return openFlow(place, {
    ...{ name, unit: 'orders', warmUpMs, connections: CONNECTIONS, transfersPerStep: SPLIT_WAYS },
    movesOf: (transfers) => (transfers / SPLIT_WAYS) * MOVES_PER_ORDER,
    stepOf: (seed) => {
      const order = orderRequests(place.world, seed);
      return (wire) => payAndRelease(wire, order);
    },
  });
}

interface OrderRequests {
  /** The payment of the next order. */
  pay(): Buffer;
  /** The release of all of an order. */
  release(orderId: string): Buffer;
}

const ORDER_ID = Buffer.from('"escrowOrder":"');
const RELEASED = Buffer.from('"state":"settled"');

async function payAndRelease(wire: WireConnection, order: OrderRequests): Promise<boolean> {
  const paid = await wire.ask(order.pay());
  if (paid.status !== 201) return false;
  const from = paid.body.indexOf(ORDER_ID) + ORDER_ID.length;
  const orderId = paid.body.toString('latin1', from, paid.body.indexOf('"', from));
  const { status, body } = await wire.ask(order.release(orderId));
  return status === 200 && body.includes(RELEASED);
}

/** Between any accounts but the first, which gets all commissions. */
function orderRequests({ accounts, apiKey }: World, seed: number): OrderRequests {
  const [commission = '', ...others] = accounts.map(({ number }) => number);
  const dice = new Dice(seed);
  const pay = () => {
    const at = dice.below(others.length);
    const [buyer, seller, partner] = [0, 1, 2].map((i) => others[(at + i) % others.length]);
    const split = [
      { role: 'seller', account: seller, remainderWeight: 1 },
      { role: 'commission', account: commission, ratioPpm: COMMISSION_PPM },
      { role: 'partner', account: partner, ratioPpm: PARTNER_PPM },
    ];
    const order = { buyer, sellers: [seller], amount: dice.between(1_000, 9_999), split };
    const body = JSON.stringify({ reference: `order-${randomUUID()}`, ...order });
    return keyed(postRequest({ path: PATH, apiKey, body }));
  };
  const release = (orderId: string) =>
    keyed(postRequest({ path: `${PATH}/${orderId}/confirm`, apiKey, body: '{}' }));
  return { pay, release };
}

function keyed(request: Buffer): Buffer {
  request.write(randomUUID(), request.indexOf(UUID), 'latin1');
  return request;
}
