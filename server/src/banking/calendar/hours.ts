/** Business hours (营业时间) on a calendar: pure. All times are those of Shanghai. */
import type { BusinessDate } from '../../kernel/business-date.ts';
import { type Calendar, isWorkingDay } from './calendar.ts';
import { addDays, addMinutes, atShanghai, shanghaiDate } from './shanghai-time.ts';

/** One session for each day, or each working day: from `opens` until `marginMinutes` before `closes`. */
export interface Hours {
  readonly days: 'every' | 'working';
  /** HH:MM, of the day itself or of the calendar day before. */
  readonly opens: string;
  readonly opensDayBefore: boolean;
  /** HH:MM of the day, 24:00 for its end. */
  readonly closes: string;
  /** So much earlier do we stop, for banks cut off before the system does. */
  readonly marginMinutes: number;
}

/** Open; closed; or not to be said, because nothing is known of `day`. */
export type OpenState =
  | { readonly open: true }
  | { readonly open: false; readonly unknownDay?: BusinessDate };

/** Whether the hours are open at a moment: the opening minute is in, the closing one is out. */
export function openStateAt(hours: Hours, calendar: Calendar, instant: Date): OpenState {
  const today = shanghaiDate(instant);
  let unknownDay: BusinessDate | undefined;
  for (const day of hours.opensDayBefore ? [today, addDays(today, 1)] : [today]) {
    const ends = addMinutes(atShanghai(day, hours.closes), -hours.marginMinutes);
    if (instant < openingOf(hours, day) || instant >= ends) continue;
    const works = hours.days === 'every' || isWorkingDay(calendar, day);
    if (works) return { open: true };
    if (works === undefined) unknownDay = day;
  }
  return unknownDay ? { open: false, unknownDay } : { open: false };
}

/** When the session of a day begins. */
export function openingOf(hours: Hours, day: BusinessDate): Date {
  return atShanghai(hours.opensDayBefore ? addDays(day, -1) : day, hours.opens);
}
