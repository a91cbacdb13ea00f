/** Who may have asked for a change. */
export const ORIGIN_KINDS = ['apiKey', 'operator', 'cli', 'system'] as const;

/** Who asks, and from where. */
export interface Origin {
  readonly kind: (typeof ORIGIN_KINDS)[number];
  /** `key_…`, the operator, the user of the command line, or the server. */
  readonly name: string;
  /** The address that the request came from. */
  readonly address: string | null;
  /** `req_…`, as the log names it. */
  readonly requestId: string | null;
}

/** For the dependencies of whatever changes something: who asks for it. */
export interface Originated {
  /** The server by itself when it is left out. */
  readonly origin?: Origin | undefined;
}

/** The server by itself: background work. */
export const SYSTEM: Origin = { kind: 'system', name: 'guanjia', address: null, requestId: null };

/** Reads a kind from a table. Throws for a text that is none: nothing else writes there. */
export function originKind(text: string): Origin['kind'] {
  const kind = ORIGIN_KINDS.find((each) => each === text);
  if (!kind) throw new RangeError(`not a kind of origin: ${text}`);
  return kind;
}
