import { Refusal } from './refusal.ts';
import { readSetting, type Store, writeSetting } from './store.ts';

/** Banks of mainland China book by this clock. It is 8 hours ahead of UTC all year. */
const AHEAD_MS = 8 * 3_600_000;
const DATE_LENGTH = 'YYYY-MM-DD'.length;
const TIME_LENGTH = 'HH:MM'.length;

/** The bank's own time: the machine's, moved forward, or standing still. Kept in the file. */
export interface BankClock {
  now(): Date;
  /** Moves to that time. Refuses to go back: what is booked stays in order. */
  moveTo(time: Date): void;
  /** Lets the clock stand still, or go on from where it stands. */
  freeze(frozen: boolean): void;
  readonly frozen: boolean;
}

export function openClock(store: Store, machine: () => Date): BankClock {
  const frozenAt = () => readSetting(store, 'clock_frozen_at');
  const ahead = () => Number(readSetting(store, 'clock_ahead_ms') ?? '0');
  const now = () => new Date(frozenAt() ?? machine().getTime() + ahead());
  const runFrom = (time: Date) =>
    writeSetting(store, 'clock_ahead_ms', String(time.getTime() - machine().getTime()));
  return {
    now,
    moveTo: (time) => {
      if (time < now()) {
        throw new Refusal(422, 'clock_goes_back', `It is ${now().toISOString()} already.`);
      }
      store.transaction(() => {
        if (frozenAt() !== undefined) writeSetting(store, 'clock_frozen_at', time.toISOString());
        runFrom(time);
      });
    },
    freeze: (frozen) =>
      store.transaction(() => {
        const time = now();
        if (frozen) return writeSetting(store, 'clock_frozen_at', time.toISOString());
        store.run(`delete from setting where name = 'clock_frozen_at'`);
        runFrom(time);
      }),
    get frozen() {
      return frozenAt() !== undefined;
    },
  };
}

/** The date and the time of day in China, and the day of the week (0 is Sunday). */
export function chinaTime(instant: Date): { date: string; time: string; weekday: number } {
  const there = new Date(instant.getTime() + AHEAD_MS);
  const text = there.toISOString();
  return {
    date: text.slice(0, DATE_LENGTH),
    time: text.slice(DATE_LENGTH + 1, DATE_LENGTH + 1 + TIME_LENGTH),
    weekday: there.getUTCDay(),
  };
}
