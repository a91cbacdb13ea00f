/** The characters by their value: digits and capitals without I, O, S, V, Z (GB 32100-2015). */
const CHARACTERS = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const WEIGHT_BASE = 3;
const LENGTH = 18;
/** Registering department and kind, six digits of an area, nine of the organisation, one check character. */
const FORM = /^[1-9A-HJ-NPQRTUWXY][0-9A-HJ-NPQRTUWXY]\d{6}[0-9A-HJ-NPQRTUWXY]{10}$/;

/**
 * Reads a unified social credit code (统一社会信用代码, GB 32100-2015). Gives it in capitals; undefined unless its form
 * and its check character are right.
 */
export function parseCreditCode(text: string): string | undefined {
  const code = text.trim().toUpperCase();
  if (!FORM.test(code)) return undefined;
  let sum = 0;
  let weight = 1;
  for (const character of code.slice(0, LENGTH - 1)) {
    sum += CHARACTERS.indexOf(character) * weight;
    weight = (weight * WEIGHT_BASE) % CHARACTERS.length;
  }
  const check = (CHARACTERS.length - (sum % CHARACTERS.length)) % CHARACTERS.length;
  return CHARACTERS[check] === code[LENGTH - 1] ? code : undefined;
}
