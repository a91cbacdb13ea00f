// Goal: the picture in the documents is the state machine. Method: walk the function over all states and events and
// compare its arrows with those of the Mermaid text, in both languages.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nextState, ORDER_EVENTS, ORDER_STATES, type OrderState } from './order.ts';

const DOCS = join(import.meta.dirname, '../../../docs');

/** What a state can have left: nothing is put aside for an order that is settled or finished. */
const canLeave = (state: OrderState): readonly bigint[] =>
  state === 'held' || state === 'disputed' ? [0n, 1n] : [0n];

function arrows(): string[] {
  const found = ORDER_STATES.flatMap((state) =>
    ORDER_EVENTS.flatMap((event) =>
      canLeave(state).flatMap((remaining) => {
        const next = nextState(state, event, remaining);
        return next ? [`${state} --> ${next}: ${event}`] : [];
      }),
    ),
  );
  return [...new Set([...found, '[*] --> held: pay', 'finished --> [*]'])].sort();
}

test.each(['explanation/escrow-orders.md', 'zh/explanation/escrow-orders.md'])(
  'the picture in %s has exactly the arrows of the function',
  async (path) => {
    const text = await readFile(join(DOCS, path), 'utf8');
    const picture = /```mermaid\nstateDiagram-v2\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    const drawn = picture
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    expect(drawn.sort()).toEqual(arrows());
  },
);

test('a finished order allows nothing, a disputed one no release', () => {
  for (const event of ORDER_EVENTS) {
    expect(nextState('finished', event, 0n)).toBeUndefined();
    if (event !== 'refund' && event !== 'resolve') {
      for (const rest of [0n, 1n]) expect(nextState('disputed', event, rest)).toBeUndefined();
    }
  }
});
