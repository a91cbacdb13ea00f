import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** The fields of a notification, as text; what is empty is left out of what is signed. */
type SignedFields = Readonly<Record<string, string | null | undefined>>;

const SIGNATURE = /^[0-9a-f]{64}$/;

/**
 * What a bank signs of a notification: `name=value` in the order of the names, joined by `&`, without empty ones. No
 * value is escaped, since whoever checks has the values and reads none of them from this text.
 */
const signedText = (fields: SignedFields): string =>
  Object.entries(fields)
    .flatMap(([name, value]) => (value ? [`${name}=${value}`] : []))
    .sort()
    .join('&');

/** SHA-256 of what is signed. */
export const digestOfSigned = (fields: SignedFields): Buffer =>
  createHash('sha256').update(signedText(fields)).digest();

/** Whether the signature is HMAC-SHA-256 of the fields in lower-case hexadecimal, compared in constant time. */
export function isSignedBy(secret: string, fields: SignedFields, signature: string): boolean {
  if (!SIGNATURE.test(signature)) return false;
  const expected = createHmac('sha256', secret).update(signedText(fields)).digest();
  return timingSafeEqual(expected, Buffer.from(signature, 'hex'));
}
