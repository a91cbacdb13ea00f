import { textId, uuidOf } from '../kernel/id.ts';

/** Something that a flow has done, as it tells of it. */
export interface NewEvent {
  /** The kind of object and what happened to it: `member.added`. */
  readonly type: string;
  /** The text id of the object, or its number. Events of one object keep their order. */
  readonly objectId: string;
  /** Little: ids and what cannot be read from the object later. Nothing that identifies a person. Money as bigint. */
  readonly data: EventData;
  readonly createdAt: Date;
}

/** What an event tells. Amounts are minor units. */
export type EventData = Readonly<Record<string, string | bigint | boolean | null>>;

/** An event in the feed. */
export interface Event {
  /** `evt_…` */
  readonly id: string;
  readonly type: string;
  readonly objectId: string;
  /** As JSON gives it back: amounts are numbers, at most 2^53 − 1. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
}

/** An event as its table has it. */
export interface EventRow {
  readonly position: bigint;
  readonly eventId: string;
  readonly type: string;
  readonly objectId: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
}

/** The text form of an event's UUID. */
const eventTextId = (uuid: string): string => textId('evt', uuid);
/** The UUID behind `evt_…`; undefined when the text is no event's id. */
export const eventUuid = (text: string): string | undefined => uuidOf('evt', text);

/** A row as the feed shows it. */
export function toEvent({ eventId, type, objectId, data, createdAt }: EventRow): Event {
  return { id: eventTextId(eventId), type, objectId, data, createdAt };
}

/** JSON with amounts as integers: JSON.stringify refuses a bigint. */
export function dataJson(data: EventData): string {
  const members = Object.entries(data).map(([name, value]) => {
    const text = typeof value === 'bigint' ? `${value}` : JSON.stringify(value);
    return `${JSON.stringify(name)}:${text}`;
  });
  return `{${members.join(',')}}`;
}

/** The body of a webhook: type, timestamp and data as Standard Webhooks asks for, with the ids beside them. */
export function eventBody({ id, type, objectId, data, createdAt }: Event): string {
  return JSON.stringify({ id, type, timestamp: createdAt.toISOString(), objectId, data });
}
