/** When to try again: pure arithmetic over what has failed. */
import type { Random } from '../kernel/random.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Pauses after the first, second … failed try: ten tries in some three days (Standard Webhooks, "Deliverability"). */
const PAUSES_MS = [
  ...[5 * SECOND, 5 * MINUTE, 30 * MINUTE],
  ...[2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR],
];
/** Up to this part of a pause is added by chance, so that what failed together does not come back together. */
const JITTER = 0.2;
/** An endpoint that fails is left in peace for so long at first, and at most. */
const FIRST_QUIET_MS = 5 * SECOND;
const LONGEST_QUIET_MS = 5 * MINUTE;
/** No success for so long disables an endpoint. */
const DISABLED_AFTER_MS = 5 * 24 * HOUR;

/** How long to wait after that many failed tries, in milliseconds; undefined when it is to be given up. */
export function pauseAfter(tries: number, random: Random): number | undefined {
  const pause = PAUSES_MS[tries - 1];
  return pause === undefined ? undefined : Math.round(pause * (1 + JITTER * fraction(random)));
}

/** How long an endpoint is left in peace after that many rounds without a success, in milliseconds. */
export function quietAfter(failedRounds: number): number {
  return Math.min(FIRST_QUIET_MS * 2 ** Math.min(failedRounds - 1, 16), LONGEST_QUIET_MS);
}

/** True when an endpoint has failed for too long. */
export function isFailingTooLong(failingSince: Date, now: Date): boolean {
  return now.getTime() - failingSince.getTime() >= DISABLED_AFTER_MS;
}

/** A number from 0 up to 1. */
function fraction(random: Random): number {
  const [high = 0, low = 0] = random.bytes(2);
  return (high * 256 + low) / 65_536;
}
