import { expect, test } from 'vitest';
import { Occurrences } from './occurrences.ts';

test('counts each text by itself, while it grows', () => {
  const occurrences = new Occurrences();
  for (let round = 1; round <= 3; round++) {
    for (let i = 0; i < 20_000; i++) expect(occurrences.count(`reference ${i}`)).toBe(round);
  }
});
