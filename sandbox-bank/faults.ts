import { Refusal } from './refusal.ts';
import {
  type Row,
  readSetting,
  type Store,
  textOf,
  textOrNull,
  wholeOf,
  writeSetting,
} from './store.ts';

/** What can be made to go wrong. `value` and `text` mean what is said here. */
export const FAULT_KINDS = {
  delay: 'the answer comes late; value: milliseconds',
  down: 'nothing is done, and the answer is 503',
  silent: 'nothing is done, and no answer comes',
  timeout_after_acting: 'it is done, and no answer comes',
  refuse: 'the payout is refused; text: the code',
  bounce: 'the payout is settled and returned later; value: days; text: the reason',
  not_found: 'the payout is there, but so many queries do not find it; value: how many',
  duplicate_notification: 'a notification is sent twice',
  out_of_order_notification: 'a notification is sent after the next one',
  wrong_amount_notification: 'a notification says another amount; value: fen more',
  statement_balance: 'the closing balance of a statement is wrong; value: fen more',
  statement_missing: 'a statement leaves out its last entry, and adds up all the same',
} as const;
export type FaultKind = keyof typeof FAULT_KINDS;

/** What the bank is asked to do, as faults tell it apart. */
const OPERATIONS = ['balance', 'entries', 'submit', 'query', 'verify', 'statement'] as const;
export type Operation = (typeof OPERATIONS)[number];

const EVERY_TIME = 1_000_000;
const MAX_FAULTS = 100;
const FIRST_SEED = '1';

/** A fault that waits for its turns. `remaining` null: until it is taken away. */
export interface Fault {
  readonly kind: FaultKind;
  /** Only for this; null for all. */
  readonly operation: Operation | null;
  readonly remaining: number | null;
  /** How many of a million turns it happens in. */
  readonly perMillion: number;
  readonly value: number;
  readonly text: string;
}

export interface Faults {
  add(fault: Fault): number;
  list(): (Fault & { readonly id: number })[];
  remove(id: number | undefined): void;
  seed(value: number): void;
  /** Whether it happens now: draws, and counts down. */
  take(kind: FaultKind, operation: Operation | null): Fault | undefined;
}

export function openFaults(store: Store): Faults {
  const list = () => store.all('select * from fault order by id').map(readFault);
  return {
    list,
    add: (fault) => {
      if (list().length >= MAX_FAULTS) {
        throw new Refusal(422, 'too_many_faults', `There are ${MAX_FAULTS} faults: remove some.`);
      }
      const { kind, operation, remaining, perMillion, value, text } = fault;
      store.run(
        'insert into fault (kind, operation, remaining, per_million, value, text) values (?, ?, ?, ?, ?, ?)',
        ...[kind, operation, remaining, perMillion, value, text],
      );
      return list().at(-1)?.id ?? 0;
    },
    remove: (id) =>
      store.run('delete from fault where ? is null or id = ?', id ?? null, id ?? null),
    seed: (value) => writeSetting(store, 'dice', String(value)),
    take: (kind, operation) =>
      store.transaction(() => {
        const fits = list().filter(
          (fault) => fault.kind === kind && (fault.operation ?? operation) === operation,
        );
        const fault = fits.find(
          ({ perMillion }) => perMillion >= EVERY_TIME || roll(store) * EVERY_TIME < perMillion,
        );
        if (!fault || fault.remaining === null) return fault;
        if (fault.remaining > 1) {
          store.run('update fault set remaining = remaining - 1 where id = ?', fault.id);
        } else store.run('delete from fault where id = ?', fault.id);
        return fault;
      }),
  };
}

/** A number from 0 to below 1 (mulberry32). Its state is in the file, so a restart goes on in the same row. */
function roll(store: Store): number {
  const state = (Number(readSetting(store, 'dice') ?? FIRST_SEED) + 0x6d2b79f5) >>> 0;
  writeSetting(store, 'dice', String(state));
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

function readFault(row: Row): Fault & { readonly id: number } {
  const remaining = row['remaining'];
  return {
    id: Number(wholeOf(row, 'id')),
    kind: faultKind(textOf(row, 'kind')),
    operation: operationOf(textOrNull(row, 'operation')),
    remaining: typeof remaining === 'bigint' ? Number(remaining) : null,
    perMillion: Number(wholeOf(row, 'per_million')),
    value: Number(wholeOf(row, 'value')),
    text: textOf(row, 'text'),
  };
}

/** Reads the name of a fault. Refuses one that there is not. */
export function faultKind(text: string): FaultKind {
  const kinds = Object.keys(FAULT_KINDS).filter((kind): kind is FaultKind => kind in FAULT_KINDS);
  const kind = kinds.find((each) => each === text);
  if (kind) return kind;
  throw new Refusal(422, 'invalid', `kind must be one of ${kinds.join(', ')}.`);
}

/** Reads the name of an operation; null is all. Refuses one that there is not. */
export function operationOf(text: string | null): Operation | null {
  const operation = OPERATIONS.find((each) => each === text);
  if (operation || text === null) return operation ?? null;
  throw new Refusal(422, 'invalid', `operation must be one of ${OPERATIONS.join(', ')}.`);
}
