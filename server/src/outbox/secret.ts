import { Webhook } from 'standardwebhooks';
import type { Random } from '../kernel/random.ts';

/** Bytes of a secret: Standard Webhooks asks for 24 to 64. */
const SECRET_BYTES = 32;

/** A new secret, `whsec_…`. */
export function newWebhookSecret(random: Random): string {
  return `whsec_${Buffer.from(random.bytes(SECRET_BYTES)).toString('base64')}`;
}

/** What is signed: the id of the message, the moment of this attempt, and the text that is sent. */
export interface Message {
  readonly id: string;
  readonly body: string;
}

/** The headers of one attempt: a signature for each secret, over exactly what is sent (Standard Webhooks, v1). */
export function signedHeaders(
  { id, body }: Message,
  { secrets, at }: { readonly secrets: readonly string[]; readonly at: Date },
): Record<string, string> {
  const signatures = secrets.map((secret) => new Webhook(secret).sign(id, at, body));
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': signatures.join(' '),
  };
}
