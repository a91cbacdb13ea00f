import { textId, uuidOf } from '../kernel/id.ts';

const STATES = ['enabled', 'disabled', 'removed'] as const;
/** Whether an endpoint is told anything. */
export type EndpointState = (typeof STATES)[number];

const REASONS = ['asked', 'failing', 'gone'] as const;
/** Why an endpoint is disabled: it was asked for, nothing succeeded for days, or it answered 410. */
export type DisabledReason = (typeof REASONS)[number];

/** Where a platform is told of events. Its secret is never part of it. */
export interface Endpoint {
  /** `whe_…` */
  readonly id: string;
  readonly url: string;
  readonly description: string;
  /** Empty: all. */
  readonly eventTypes: readonly string[];
  readonly state: EndpointState;
  readonly disabledReason: DisabledReason | null;
  /** No attempt has succeeded since; null when the last one did. */
  readonly failingSince: Date | null;
  /** Until then the secret before the last one signs too. */
  readonly previousSecretUntil: Date | null;
  readonly createdAt: Date;
}

/** An endpoint's row, secrets included. */
export interface EndpointRow {
  readonly endpointId: string;
  readonly url: string;
  readonly description: string;
  readonly eventTypes: readonly string[];
  readonly state: string;
  readonly disabledReason: string | null;
  /** Sealed, as the one before it. */
  readonly secret: string;
  readonly previousSecret: string | null;
  readonly previousUntil: Date | null;
  readonly failingSince: Date | null;
  readonly failedRounds: number;
  readonly createdAt: Date;
}

/** The text form of an endpoint's UUID. */
export const endpointTextId = (uuid: string): string => textId('whe', uuid);
/** The UUID behind `whe_…`; undefined when the text is no endpoint's id. */
export const endpointUuid = (text: string): string | undefined => uuidOf('whe', text);

/** A row as its platform sees it. */
export function toEndpoint(row: EndpointRow): Endpoint {
  const { endpointId, url, description, eventTypes, failingSince, createdAt } = row;
  return {
    id: endpointTextId(endpointId),
    ...{ url, description, eventTypes, failingSince, createdAt },
    state: STATES.find((each) => each === row.state) ?? 'removed',
    disabledReason: REASONS.find((each) => each === row.disabledReason) ?? null,
    previousSecretUntil: row.previousUntil,
  };
}
