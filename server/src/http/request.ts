import type { ErrorDefinition } from '../kernel/error.ts';

/** What an API key may be allowed to do. */
export const SCOPES = [
  'read',
  'accounts:write',
  'money:write',
  'statements:write',
  'keys:manage',
] as const;
/** One of `SCOPES`. */
export type Scope = (typeof SCOPES)[number];

declare module 'fastify' {
  interface FastifyRequest {
    /** The platform of the API key: the tenant that everything in this request is about. */
    platformId: bigint;
    /** The id of the API key, `key_…`. */
    keyId: string;
  }
  interface FastifyContextConfig {
    /** The scope that the key needs. Every route under /v1 names one: without it the server does not start. */
    scope?: Scope;
    /** Refusals of the use case that are worth a line in the API document. */
    problems?: readonly ErrorDefinition[];
  }
}
