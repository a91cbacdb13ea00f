import { strict as assert } from 'node:assert';
import type { Refusal, RefusedAnswer } from '../core/outcome.ts';

/**
 * A refusal as it is stored: bigints as text with a mark, because JSON has none. It is written here and
 * nowhere else, so what is read back is what was written.
 */
const BIGINT_MARK = '#';

/** The text that goes into `ledger_request.refusal`. */
export function refusalToJson({ refusal, moveIndex }: RefusedAnswer): string {
  return JSON.stringify({ moveIndex, refusal }, (_key, value: unknown) =>
    typeof value === 'bigint' ? BIGINT_MARK + value.toString() : value,
  );
}

/** The answer that was stored. */
export function refusalFromJson(stored: unknown): RefusedAnswer {
  assert(isStored(stored), 'a stored refusal has a code and the index of its move');
  const facts = Object.entries(stored.refusal).map(([key, value]) => [key, revive(value)]);
  // Safe: only refusalToJson writes here, and append-only triggers keep it.
  const refusal = Object.fromEntries(facts) as Refusal;
  return { accepted: false, repeated: true, refusal, moveIndex: stored.moveIndex };
}

function revive(value: unknown): unknown {
  const marked = typeof value === 'string' && value.startsWith(BIGINT_MARK);
  return marked ? BigInt(value.slice(BIGINT_MARK.length)) : value;
}

function isStored(value: unknown): value is { moveIndex: number; refusal: { code: string } } {
  if (typeof value !== 'object' || value === null) return false;
  if (!('moveIndex' in value) || typeof value.moveIndex !== 'number') return false;
  return 'refusal' in value && typeof value.refusal === 'object' && value.refusal !== null;
}
