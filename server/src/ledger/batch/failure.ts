import { brokenUnique, isOutdated, isTransient } from '../../db/database.ts';
import type { BatchFailure } from './connection.ts';

/** A request that was answered before, or a reversal that somebody else was faster with, breaks these. */
const REPEAT_KEYS = ['ledger_request_pkey', 'transfer_reversal'];

/** The open business day closed between our asking for it and our getting it: nothing was done, ask again. */
export class DayClosed extends Error {}

/** Somebody else changed the platform's accounts since they were remembered: nothing was done, ask again. */
export class Overtaken extends Error {}

/** What made a batch fail. */
export function causeOf(failure: BatchFailure): unknown {
  return failure.cause ?? failure;
}

/** True for what the same batch may not meet again, when requests are looked up first. */
export function mayPass(failure: unknown): boolean {
  const key = brokenUnique(failure);
  if (key !== undefined) return REPEAT_KEYS.includes(key);
  return failure instanceof DayClosed || isOvertaken(failure) || isTransient(failure);
}

/** True when another server changed the platform's accounts first. */
export function isOvertaken(failure: unknown): boolean {
  return failure instanceof Overtaken || isOutdated(failure);
}
