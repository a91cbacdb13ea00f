import { Webhook } from 'standardwebhooks';
import type { Random } from '../kernel/random.ts';
import type { Sealer, SealPlace } from '../sealing/index.ts';

/** Bytes of a secret: Standard Webhooks asks for 24 to 64. */
const SECRET_BYTES = 32;

/** A new secret, `whsec_…`. */
export function newWebhookSecret(random: Random): string {
  return `whsec_${Buffer.from(random.bytes(SECRET_BYTES)).toString('base64')}`;
}

/** An endpoint's secret is bound to its row; the one before it moves to another column, and is bound the same way. */
const placeOf = (platformId: bigint, endpointId: string): SealPlace => ({
  ...{ platformId, table: 'webhook_endpoint', column: 'secret', row: endpointId },
});

/** A secret as it is kept. Throws AppError: `seal_key_missing`. */
export function sealSecret(
  sealer: Sealer,
  platformId: bigint,
  { endpointId, secret }: { endpointId: string; secret: string },
): string {
  return sealer.seal(secret, placeOf(platformId, endpointId));
}

/** What an endpoint's messages are signed with. */
export interface Signing {
  readonly secret: string;
  readonly previous: { readonly secret: string; readonly until: Date } | undefined;
}

/** Opens the secrets of an endpoint. Throws AppError: `seal_key_missing`, `seal_broken`. */
export function openSecrets(
  sealer: Sealer,
  platformId: bigint,
  row: {
    readonly endpointId: string;
    readonly secret: string;
    readonly previousSecret: string | null;
    readonly previousUntil: Date | null;
  },
): Signing {
  const place = placeOf(platformId, row.endpointId);
  const { previousSecret, previousUntil: until } = row;
  const hasPrevious = previousSecret !== null && until !== null;
  return {
    secret: sealer.open(row.secret, place),
    previous: hasPrevious ? { secret: sealer.open(previousSecret, place), until } : undefined,
  };
}

/** The secrets that sign at that moment, the newest first. */
export function signingAt({ secret, previous }: Signing, at: Date): readonly string[] {
  return previous && at < previous.until ? [secret, previous.secret] : [secret];
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
