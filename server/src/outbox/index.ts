/** Events and webhooks (事件): the front door. Everything that other modules may use of it is here. */
export { type Deliverer, openDeliverer } from './deliver.ts';
export type { WebhookDeps } from './endpoints.ts';
export * from './errors.ts';
export type { EventData, NewEvent } from './event.ts';
export { SEQUENCED_AT_ONCE, sequenceEvents } from './sequence-events.ts';
export { eventStatement, writeEvents } from './write-events.ts';
