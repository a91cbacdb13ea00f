/**
 * Text for people, as every edge takes it: well-formed Unicode with something to see in it, and without control
 * characters (line breaks are such).
 *
 * - \p{Cs} in Unicode mode is a lone surrogate, which UTF-8 cannot carry to the database.
 * - \p{DI} (Default_Ignorable_Code_Point, Unicode 17, section 5.21) is what is drawn as nothing: zero-width spaces,
 *   joiners, U+FEFF, fillers. The blank of Braille and the marks of annotations are as invisible, and not of it.
 * - \p{M} is a mark that combines with the character before it: without one it is drawn on whatever stands there.
 *
 * The look-ahead ends at the first character that can be seen, and nothing is read twice.
 */
const PLAIN = '[^\\p{Cc}\\p{Cs}]';
const UNSEEN = '[\\s\\p{DI}\\p{M}\\u2800\\ufff9-\\ufffb]';

/** The rule of such a text, as a regular expression of ECMA-262 in Unicode mode. An empty one passes. */
export const TEXT_PATTERN = `^(?!${UNSEEN}+$)${PLAIN}*$`;
/** The same where nothing to see is nothing wrong: only control characters and broken Unicode are refused. */
export const PLAIN_PATTERN = `^${PLAIN}*$`;

/** The rule of such a text of 1 to `max` characters. */
export const textPatternUpTo = (max: number): string => `^(?!${UNSEEN}+$)${PLAIN}{1,${max}}$`;

/**
 * Bidirectional embeddings, overrides and isolates (Unicode Standard Annex #9, section 2): they have the rest of a
 * line drawn in another order, and so one name look like another. The marks U+200E, U+200F and U+061C are not of
 * them: they reorder no letters, and names in Hebrew and Arabic are written with them.
 */
const REORDERING = '\\u202a-\\u202e\\u2066-\\u2069';

/** The rule of what somebody or something is called. */
export const NAME_PATTERN = `^(?!${UNSEEN}+$)[^\\p{Cc}\\p{Cs}${REORDERING}]*$`;

/** The rule of a text, in words. */
export const TEXT_ALLOWED =
  'text with something to see in it, without control characters or broken Unicode';

/** The rule of a name, in words. */
export const NAME_ALLOWED =
  'text with something to see in it, without control characters, broken Unicode, or characters that reorder text ' +
  '(U+202A to U+202E and U+2066 to U+2069)';

/** Characters at most (code points, not bytes), at every edge. */
export const MAX_TEXT = {
  name: 120,
  /** The platform's own key for a member. */
  memberReference: 64,
  /** The platform's own reference of a transfer. */
  reference: 128,
  memo: 256,
  /** Who may release or capture a hold. */
  owner: 64,
  /** What a hold is for. */
  reason: 256,
  metadataKey: 40,
  metadataValue: 500,
} as const;

const textRule = new RegExp(TEXT_PATTERN, 'u');
const nameRule = new RegExp(NAME_PATTERN, 'u');

/** True for a text of 1 to `max` characters that every edge takes. */
export function isText(text: string, { max }: { readonly max: number }): boolean {
  const { length } = Array.from(text);
  return length >= 1 && length <= max && textRule.test(text);
}

/** The same of a name. */
export function isName(text: string, limit: { readonly max: number }): boolean {
  return nameRule.test(text) && isText(text, limit);
}

/** True for a name of the Encoding Standard that can be read here, such as gb18030. */
export function isCharset(label: string): boolean {
  try {
    new TextDecoder(label);
    return true;
  } catch {
    return false;
  }
}

/** What the name of a charset may be, in words. */
export const CHARSET_ALLOWED = 'a name of the Encoding Standard, such as gb18030';
