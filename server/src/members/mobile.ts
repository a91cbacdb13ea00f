/**
 * Reads a mobile number of mainland China: 11 digits from 13 to 19, with or without +86, blanks and hyphens. Gives
 * the 11 digits; undefined for anything else.
 */
export function parseMobile(text: string): string | undefined {
  const digits = text.replaceAll(/[\s-]/g, '').replace(/^(\+|00)86/, '');
  return /^1[3-9]\d{9}$/.test(digits) ? digits : undefined;
}
