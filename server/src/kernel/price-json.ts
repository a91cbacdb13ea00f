import { strict as assert } from 'node:assert';
import { type Band, type Price, ROUNDINGS } from './price.ts';

/** A price as JSON text for a table: amounts are texts there, so that no reader makes doubles of them. */
export function priceToJson(price: Price): string {
  return JSON.stringify(price, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

/** Reads what `priceToJson` wrote, parsed. Throws for anything else: nobody else writes there. */
export function priceFromJson(json: unknown): Price {
  const { fixed, ratePpm, tiers, min, max, rounding } = fieldsOf(json);
  const known = ROUNDINGS.find((each) => each === rounding);
  assert(known !== undefined, 'a price has a rounding');
  return {
    ...{ fixed: bigintOf(fixed), ratePpm: bigintOf(ratePpm), tiers: tiersFromJson(tiers) },
    ...{ min: bigintOrNull(min), max: bigintOrNull(max), rounding: known },
  };
}

function tiersFromJson(json: unknown): Price['tiers'] {
  if (json === null) return null;
  const { mode, bands } = fieldsOf(json);
  assert(mode === 'whole' || mode === 'marginal', 'tiers have a mode');
  assert(Array.isArray(bands), 'tiers have bands');
  return { mode, bands: bands.map(bandFromJson) };
}

function bandFromJson(json: unknown): Band {
  const { upTo, fixed, ratePpm } = fieldsOf(json);
  return { upTo: bigintOrNull(upTo), fixed: bigintOf(fixed), ratePpm: bigintOf(ratePpm) };
}

function fieldsOf(json: unknown): Readonly<Record<string, unknown>> {
  assert(typeof json === 'object' && json !== null, 'an object of JSON');
  return Object.fromEntries(Object.entries(json));
}

const bigintOrNull = (json: unknown): bigint | null => (json === null ? null : bigintOf(json));

function bigintOf(json: unknown): bigint {
  assert(typeof json === 'string' && /^\d{1,19}$/.test(json), 'digits as text');
  return BigInt(json);
}
