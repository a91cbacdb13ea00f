import { strict as assert } from 'node:assert';
import type { Statement } from './connection.ts';

/** PostgreSQL cuts longer names, and two statements would then be taken for one. */
const MAX_NAME_LENGTH = 63;

/** One for each combination of parts that ever came: a dozen. */
const merged = new Map<string, { name: string; text: string }>();

/**
 * Several writes as one statement. PostgreSQL answers each statement by itself, and each answer wakes both
 * processes: for a batch of a few moves that costs more than the writes. The parts may not depend on each
 * other: they run in no promised order, all on what was there before. What a part is `expected` to give is
 * looked at first.
 */
export function mergeStatements(parts: readonly Statement[]): Statement {
  const key = parts.map((part) => part.name).join('+');
  let shape = merged.get(key);
  if (!shape) {
    shape = { name: key, text: mergedText(parts) };
    assert(key.length <= MAX_NAME_LENGTH, `the name of a statement is too long: ${key}`);
    merged.set(key, shape);
  }
  return { ...shape, values: parts.flatMap(({ values }) => values) };
}

function mergedText(parts: readonly Statement[]): string {
  let offset = 0;
  const texts = parts.map(({ text, values }, i) => {
    const shifted = text.replace(/\$(\d+)/g, (_match, n: string) => `$${Number(n) + offset}`);
    offset += values.length;
    return `part_${i} as (${shifted})`;
  });
  const expected = parts.flatMap(({ expected }, i) =>
    expected ? [`(select ${expected} from part_${i})`] : [],
  );
  return `with ${texts.join(', ')} select ${expected.join(', ')}`;
}
