import type { ErrorDefinition } from '../kernel/error.ts';
import type { Scope } from '../platforms/index.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The platform of the API key: the tenant that everything in this request is about. */
    platformId: bigint;
    /** The id of the API key, `key_…`. */
    keyId: string;
    /** What the API key may do; null where no key is asked for. */
    scopes: ReadonlySet<Scope> | null;
    /** When the request arrived, by `performance.now()`. */
    arrivedAt: number;
  }
  interface FastifyContextConfig {
    /** The scope that the key needs. Every route under /v1 names one: without it the server does not start. */
    scope?: Scope;
    /** Refusals of the use case that are worth a line in the API document. */
    problems?: readonly ErrorDefinition[];
    /** The body is not JSON: it is passed on as it arrives, up to so many bytes. */
    streamedBody?: { readonly limitBytes: number };
  }
}

export { SCOPES, type Scope } from '../platforms/index.ts';
