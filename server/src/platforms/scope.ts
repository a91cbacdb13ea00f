/** What an API key may be allowed to do. */
export const SCOPES = [
  'read',
  'accounts:write',
  'money:write',
  'statements:write',
  'webhooks:manage',
  'keys:manage',
  'audit:read',
  'identity:read',
  'approvals:decide',
  'approvals:manage',
] as const;

/** One of `SCOPES`. */
export type Scope = (typeof SCOPES)[number];

/** Reads scopes from a table. Throws for a text that is none: nothing else writes there. */
export function scopesOf(texts: readonly string[]): Scope[] {
  return texts.map((text) => {
    const scope = SCOPES.find((each) => each === text);
    if (!scope) throw new RangeError(`not a scope: ${text}`);
    return scope;
  });
}
