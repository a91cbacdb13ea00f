/** Schemas that the routes of events and webhooks share. */
import { Type } from '../http/schemas.ts';

/** The type of an event. */
export const EventType = Type.String({
  pattern: '^[a-z_]{1,40}\\.[a-z_]{1,40}$',
  'x-allowed': 'the type of an event, such as bank_entry.credited',
  examples: ['bank_entry.credited'],
});

/** What came of sending a message once. */
export const SentFields = {
  status: Type.Unsafe<number | null>(
    Type.Unsafe({ type: ['integer', 'null'], description: 'What the endpoint answered' }),
  ),
  error: Type.Unsafe<string | null>(
    Type.Unsafe({
      type: ['string', 'null'],
      description: 'Why it counts as failed: timed_out, status_not_2xx, address_refused …',
    }),
  ),
  elapsedMs: Type.Integer(),
};
