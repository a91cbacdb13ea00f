// Tiers, lowest first. A module imports from lower tiers only, and enters another module by its front door;
// inside a tier nobody knows a neighbour. So there can be no cycle, and what a change can break is above it.
const tiers = [
  ['kernel'],
  ['db'],
  ['ledger', 'audit', 'sealing'],
  // Tells of what flows do; what it does itself is audited, and its secrets are sealed.
  ['outbox'],
  ['books', 'platforms', 'approvals', 'members', 'verification', 'banking', 'channels'],
  // A virtual account may be a member's: members know nothing of accounts.
  ['virtual-accounts', 'settlement-cards'],
  // Fees are taken of accounts, and may be forgiven with approval.
  // A court's order is on an account, and may be lifted with approval.
  // Limits and lists are of accounts and members.
  ['fees', 'judicial-freezes', 'limits'],
  ['deposits', 'transfers', 'escrow', 'withdrawals', 'payments', 'interest'],
  ['day-close', 'reconciliation'],
  ['http', 'citic', 'jobs', 'cli'],
];
const src = '^server/src';
const anyOf = (names) => `${src}/(${names.join('|')})/`;
const test = '\\.(test|fixture)\\.ts$';
const vocabulary = `${src}/http/schemas\\.ts$`;

const layering = tiers.flatMap((tier, i) =>
  tier.flatMap((name) => {
    const below = tiers.slice(0, i).flat();
    const comment = `${name} may import only: ${below.join(', ') || 'nothing'}`;
    const to = { path: `${src}/[^/]+/`, pathNot: anyOf([name, ...below]) };
    const routes = `${src}/${name}/[a-z-]*routes\\.ts$`;
    return [
      {
        name: `tier/${name}`,
        severity: 'error',
        comment,
        from: { path: anyOf([name]), pathNot: [routes, test] },
        to,
      },
      {
        name: `tier/${name}/routes`,
        severity: 'error',
        comment: `${comment}; and http/schemas.ts`,
        from: { path: routes },
        to: { ...to, pathNot: [to.pathNot, vocabulary] },
      },
    ];
  }),
);

const modules = tiers.flat();

module.exports = {
  forbidden: [
    ...layering,
    {
      name: 'known-module',
      comment: 'A folder of server/src is in the list of tiers above, so that its place is decided',
      severity: 'error',
      from: { path: `${src}/[^/]+/`, pathNot: anyOf(modules) },
      to: {},
    },
    {
      name: 'front-door',
      comment: 'Another module is entered by its index.ts; by errors.ts for its errors',
      severity: 'error',
      from: { path: `${src}/([^/]+)/`, pathNot: test },
      to: {
        path: `${src}/(?!kernel|db)[^/]+/.+`,
        pathNot: [`${src}/$1/`, `${src}/[^/]+/(index|errors)\\.ts$`, vocabulary],
      },
    },
    {
      name: 'front-door-of-the-wiring',
      comment:
        'app.ts and its like enter a module by index.ts, routes.ts, jobs.ts or errors.ts; http is all theirs',
      severity: 'error',
      from: { path: `${src}/[^/]+\\.ts$`, pathNot: test },
      to: {
        path: `${src}/(?!kernel|db|http)[^/]+/.+`,
        pathNot: `${src}/[^/]+/(index|routes|jobs|errors)\\.ts$`,
      },
    },
    {
      name: 'wiring-is-on-top',
      comment: 'Modules are wired; they do not wire. The CLI starts what the wiring makes',
      severity: 'error',
      from: { path: `${src}/[^/]+/`, pathNot: [`${src}/cli/`, test] },
      to: { path: `${src}/(app|main|background|config|errors)\\.ts$` },
    },
    {
      name: 'pure-core',
      comment: 'kernel and every core/ decide; they never read a clock, a socket or a table',
      severity: 'error',
      from: { path: `${src}/(kernel|[^/]+/core)/`, pathNot: test },
      to: {
        pathNot: [
          `${src}/kernel/`,
          `${src}/[^/]+/core/`,
          '^(node:)?(assert|crypto)',
          'node_modules/uuidv7/',
        ],
      },
    },
    {
      name: 'edges-hold-no-sql',
      comment: 'Routes, jobs and edges translate; SQL lives in store.ts of a module',
      severity: 'error',
      from: { path: ['(routes|jobs)\\.ts$', anyOf(tiers.at(-1))], pathNot: test },
      to: { path: 'node_modules/(@types/)?(kysely|pg)/' },
    },
    {
      name: 'http-knows-fastify',
      comment: 'fastify only in http/ and routes.ts',
      severity: 'error',
      from: { path: src, pathNot: [`${src}/http/`, 'routes\\.ts$', test] },
      to: { path: 'node_modules/(@fastify|fastify)/' },
    },
    {
      name: 'tests-stay-tests',
      comment:
        'What runs in production imports no test, no test support and no development dependency',
      severity: 'error',
      from: { path: [src, '^sdk/src'], pathNot: [test, `${src}/.*/testing/`] },
      to: { path: ['^server/test/', '\\.test\\.ts$', `${src}/.*/testing/`] },
    },
    {
      name: 'the-bank-is-somebody-else',
      comment:
        'The sandbox bank is a program of its own: it is spoken with by HTTP, and knows nothing of us',
      severity: 'error',
      from: { path: ['^server/', '^sdk/', '^bench/'] },
      to: { path: '^sandbox-bank/' },
    },
    {
      name: 'the-bank-needs-nothing',
      comment: 'The sandbox bank is made of what Node has',
      severity: 'error',
      from: { path: '^sandbox-bank/', pathNot: test },
      to: { pathNot: '^sandbox-bank/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'no-circles',
      severity: 'error',
      comment: 'Modules know each other one way',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'An import that nothing answers to',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
