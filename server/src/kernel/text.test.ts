import { expect, test } from 'vitest';
import { isName, isText, NAME_PATTERN, TEXT_PATTERN, textPatternUpTo } from './text.ts';

/** Bidirectional embeddings, overrides and isolates (Unicode Standard Annex #9, section 2). */
const REORDERING = Array.from('\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069');
const MAX = { max: 120 };
const ofPattern = (pattern: string, text: string) => new RegExp(pattern, 'u').test(text);

test.each(REORDERING)('a name does not reorder what is around it: %j', (control) => {
  for (const name of [`${control}shop`, `sh${control}op`, `shop${control}`]) {
    expect(isName(name, MAX)).toBe(false);
    expect(ofPattern(NAME_PATTERN, name)).toBe(false);
    // A memo is no name: nobody is told apart by it.
    expect(isText(name, MAX)).toBe(true);
  }
});

test.each([
  ...['王小明', 'Ünal & Söhne', 'e\u0301te', 'שלום עולם', 'محمد', 'नमस्ते', 'ไทย'],
  // Marks of direction and joiners belong to how such names are written.
  ...['\u200fשלום', 'نمی\u200cخواهم', '👨\u200d👩\u200d👧'],
])('a name may be in any script: %s', (name) => {
  expect(isName(name, MAX)).toBe(true);
  expect(ofPattern(NAME_PATTERN, name)).toBe(true);
});

test.each(['\u0301', '\u0301\u0308', ' \u0301', '\u200b\u20dd', '\u093f', '\ufe0f\u0301'])(
  'marks that combine with nothing are no text: %j',
  (text) => {
    expect(isText(text, MAX)).toBe(false);
    expect(isName(text, MAX)).toBe(false);
    for (const pattern of [TEXT_PATTERN, NAME_PATTERN, textPatternUpTo(40)]) {
      expect(ofPattern(pattern, text)).toBe(false);
    }
    expect(isText(`a${text}`, MAX)).toBe(true);
  },
);
