// Tiers, lowest first. A module imports from lower tiers only; inside a tier nobody knows a neighbour.
const tiers = [
  ['kernel'],
  ['db'],
  ['ledger', 'outbox', 'audit'],
  ['books', 'platforms', 'members', 'virtual-accounts', 'verification', 'fees', 'banking', 'channels'],
  ['deposits', 'transfers', 'escrow', 'withdrawals', 'payments', 'interest'],
  ['day-close', 'reconciliation', 'verify'],
  ['http', 'citic', 'jobs', 'cli'],
];
const src = '^server/src';
const anyOf = (names) => `${src}/(${names.join('|')})/`;
const test = '\\.test\\.ts$';

const layering = tiers.flatMap((tier, i) =>
  tier.map((name) => ({
    name: `tier/${name}`,
    comment: `${name} may import only: ${tiers.slice(0, i).flat().join(', ') || 'nothing'}`,
    severity: 'error',
    from: { path: anyOf([name]), pathNot: `routes\\.ts$|${test}` },
    to: { path: `${src}/[^/]+/`, pathNot: anyOf([name, ...tiers.slice(0, i).flat()]) },
  })),
);

module.exports = {
  forbidden: [
    ...layering,
    {
      name: 'front-door',
      comment: 'Another module is entered by its index.ts; an edge also by routes.ts and jobs.ts',
      severity: 'error',
      from: { path: `${src}/([^/]+)/`, pathNot: test },
      to: {
        path: `${src}/(?!kernel|db)[^/]+/.+`,
        pathNot: [
          `${src}/$1/`,
          `${src}/[^/]+/(index|routes|jobs|errors)\\.ts$`,
          `${src}/http/schemas\\.ts$`,
        ],
      },
    },
    {
      name: 'pure-core',
      comment: 'kernel and every core/ decide; they never read a clock, a socket or a table',
      severity: 'error',
      from: { path: `${src}/(kernel|[^/]+/core)/`, pathNot: test },
      to: { pathNot: [`${src}/kernel/`, `${src}/[^/]+/core/`, '^(node:)?(assert|crypto)', 'uuidv7'] },
    },
    {
      name: 'routes-hold-no-sql',
      comment: 'routes and jobs translate; SQL lives in store.ts',
      severity: 'error',
      from: { path: '(routes|jobs)\\.ts$' },
      to: { path: 'node_modules/(kysely|pg)/' },
    },
    {
      name: 'http-knows-fastify',
      comment: 'fastify only in http/ and routes.ts',
      severity: 'error',
      from: { path: src, pathNot: [`${src}/http/`, 'routes\\.ts$', test] },
      to: { path: 'node_modules/(@fastify|fastify)/' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'node_modules/(?!kysely|pg|fastify)' },
  },
};
