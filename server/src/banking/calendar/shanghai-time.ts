/**
 * The time of the payment systems of China: UTC+8, without summer time since 1991, so that arithmetic will do.
 * Pure.
 */
import { type BusinessDate, businessDate } from '../../kernel/business-date.ts';

const OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** The date in Shanghai at a moment. */
export function shanghaiDate(instant: Date): BusinessDate {
  return businessDate(new Date(instant.getTime() + OFFSET_MS).toISOString().slice(0, 10));
}

/** The moment of an HH:MM of that date in Shanghai; 24:00 is the end of the day. */
export function atShanghai(date: BusinessDate, time: string): Date {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return addMinutes(new Date(`${date}T00:00:00+08:00`), hours * 60 + minutes);
}

/** The date so many days later; earlier with a number below zero. */
export function addDays(date: BusinessDate, days: number): BusinessDate {
  const time = Date.parse(`${date}T00:00:00Z`) + days * DAY_MS;
  return businessDate(new Date(time).toISOString().slice(0, 10));
}

/** The moment so many minutes later. */
export const addMinutes = (instant: Date, minutes: number): Date =>
  new Date(instant.getTime() + minutes * MINUTE_MS);
