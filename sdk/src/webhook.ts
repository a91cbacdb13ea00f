import { Webhook, WebhookVerificationError } from 'standardwebhooks';

export { WebhookVerificationError } from 'standardwebhooks';

/** What a webhook tells of. */
export interface WebhookEvent {
  /** `evt_…`: the same when it is sent again. Deal with each once. */
  readonly id: string;
  /** Such as `bank_entry.credited`. */
  readonly type: string;
  /** When it happened, RFC 3339. */
  readonly timestamp: string;
  /** What it is about: an id, or an account number. */
  readonly objectId: string;
  /** Amounts are integers of minor units. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Headers as a Request has them, or as those of Node's http module. */
type IncomingHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

const SIGNED = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const;

/**
 * Checks that a webhook comes from Guanjia and was signed within the last five minutes, and gives its event. Pass the
 * body as it arrived, bytes or text: JSON that was parsed and written again has another signature.
 *
 *     const event = verifyWebhook({ secret, headers: request.headers, body: await request.text() });
 *
 * Throws WebhookVerificationError: answer that with 400, and deal with nothing.
 */
export function verifyWebhook({
  secret,
  headers,
  body,
}: {
  /** `whsec_…`, as the endpoint got it. */
  readonly secret: string;
  readonly headers: IncomingHeaders;
  readonly body: string | Uint8Array;
}): WebhookEvent {
  const text = typeof body === 'string' ? body : decode(body);
  const signed = Object.fromEntries(SIGNED.map((name) => [name, headerOf(headers, name) ?? '']));
  const event: unknown = new Webhook(secret).verify(text, signed);
  if (isEvent(event)) return event;
  throw new WebhookVerificationError('The body is no event');
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new WebhookVerificationError('The body is not UTF-8');
  }
}

function headerOf(headers: IncomingHeaders, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const value = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return typeof value === 'string' ? value : undefined;
}

function isEvent(value: unknown): value is WebhookEvent {
  if (typeof value !== 'object' || value === null) return false;
  const isText = (name: string) => typeof Reflect.get(value, name) === 'string';
  return ['id', 'type', 'timestamp', 'objectId'].every(isText) && 'data' in value;
}
