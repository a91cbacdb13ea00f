import { strict as assert } from 'node:assert';
import type { Statement } from './connection.ts';

/** PostgreSQL cuts longer names, and two statements would then be taken for one. */
const MAX_NAME_LENGTH = 63;

/**
 * Several writes as one statement. PostgreSQL answers each statement by itself, and each answer wakes both
 * processes: for a batch of a few moves that costs more than the writes. The parts may not depend on each
 * other: they run in no promised order, all on what was there before.
 */
export function mergeStatements(parts: readonly Statement[]): Statement[] {
  if (parts.length < 2) return [...parts];
  let offset = 0;
  const texts = parts.map(({ text, values }, i) => {
    const shifted = text.replace(/\$(\d+)/g, (_match, n: string) => `$${Number(n) + offset}`);
    offset += values.length;
    return `part_${i} as (${shifted})`;
  });
  const name = parts.map((part) => part.name).join('+');
  assert(name.length <= MAX_NAME_LENGTH, `the name of a statement is too long: ${name}`);
  return [
    {
      name,
      text: `with ${texts.join(', ')} select`,
      values: parts.flatMap(({ values }) => values),
    },
  ];
}
