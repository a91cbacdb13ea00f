/** What the server takes of one request, one connection, one client. Every limit of the edge is here. */
export const LIMITS = {
  /** A JSON body: 1000 items of a batch are about 250 KB. */
  jsonBodyBytes: 2 * 1024 * 1024,
  /** Fields and list items of a JSON body, at any depth: 1000 items of a batch have 10,000. */
  jsonValues: 20_000,
  /** The request line and all headers together. */
  headerBytes: 16 * 1024,
  /** One segment of the path, such as an account number. */
  pathSegmentCharacters: 256,
  /** The headers, from the first byte of the request. */
  headersTimeoutMs: 10_000,
  /** The whole request, from its first byte. A large statement file takes a while. */
  requestTimeoutMs: 300_000,
  /** A JSON body, from its headers to its last byte. */
  jsonBodyMs: 20_000,
  /** So long a connection is read out after an answer that did not wait for the body. */
  lingerMs: 2_000,
  /** Between two requests of a connection: longer than the 60 s of usual load balancers. */
  keepAliveTimeoutMs: 72_000,
  /** How often time-outs are looked at. */
  timeoutCheckMs: 5_000,
  /** Connections at once; more are closed at once. */
  connections: 10_000,
  /** Wrong fields that one answer names. */
  fieldErrors: 20,
  /** What a client is told to wait when the database is away. */
  retryAfterSeconds: 1,
  /** Requests that take longer are logged. */
  slowRequestMs: 1_000,
  /** Requests in flight get so long when the server stops. */
  shutdownMs: 20_000,
} as const;
