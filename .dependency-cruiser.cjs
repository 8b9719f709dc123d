/**
 * The import rules of the architecture: who may know whom. Type-only imports count as imports.
 */
/** Tests, and what only tests import: contract suites and their fixtures. */
const test = '[.]test[.]tsx?$|/contract([.]ts$|/)|/testing/';
const server = '^packages/server/src/';

/** Folders with several implementations of one port; the port itself lies in the folder above. */
const implementations = `${server}(store/(sqlite|postgres)|backend/(claude|acp|scripted)|bus/(local|nats))/`;

/** The pure folders: state and input in, state and effects out. They see the contract and each other only. */
const pure = `${server}(session|retry|usage)/`;

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules that import each other in a circle cannot be read, tested or moved alone; types included.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'imports-resolve',
      comment: 'An import that leads nowhere fails at run time.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-dependencies-only',
      comment: 'A package that is not in the package.json of the importing workspace works only by accident.',
      severity: 'error',
      from: { pathNot: `${test}|[.]config[.]ts$` },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-dependencies-in-the-product',
      comment: 'Built code runs where only `dependencies` are installed.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: `${test}|^packages/web/` },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'], pathNot: '/@types/' },
    },
    {
      name: 'no-tests-in-the-product',
      comment: 'Tests are not built; nothing but a test imports one.',
      severity: 'error',
      from: { path: '^packages/', pathNot: test },
      to: { path: test },
    },
    {
      name: 'protocol-stands-alone',
      comment: 'Everything is derived from the protocol, so it imports nothing of ours.',
      severity: 'error',
      from: { path: '^packages/protocol/' },
      to: { path: '^(packages/(?!protocol/)|e2e/|bench/)' },
    },
    {
      name: 'protocol-has-no-io',
      comment: 'The protocol runs in browsers and does no I/O.',
      severity: 'error',
      from: { path: '^packages/protocol/src/', pathNot: test },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'client-knows-the-protocol-only',
      severity: 'error',
      from: { path: '^packages/client/src/', pathNot: test },
      to: { path: '^(packages/(?!client/|protocol/)|e2e/)' },
    },
    {
      name: 'client-takes-only-types-from-the-protocol',
      comment: 'At run time the client stays small: no zod, no schemas; errors.ts and version.ts have no dependencies.',
      severity: 'error',
      from: { path: '^packages/client/src/', pathNot: test },
      to: {
        path: '^packages/protocol/(?!src/(errors|version)[.]ts)|/node_modules/zod/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'web-knows-the-client-and-the-protocol-only',
      severity: 'error',
      from: { path: '^packages/web/src/' },
      to: { path: '^(packages/(?!web/|client/|protocol/)|e2e/)' },
    },
    {
      name: 'conformance-is-a-black-box',
      comment: 'The suite takes a base URL and a token; it never sees a server from the inside.',
      severity: 'error',
      from: { path: '^packages/conformance/src/', pathNot: test },
      to: { path: '^(packages/(?!conformance/|protocol/|client/)|e2e/)' },
    },
    {
      name: 'conformance-is-for-tests-and-the-command-line',
      comment: 'A server does not test itself: only tests and `hearth conformance` use the suite.',
      severity: 'error',
      from: { path: '^(packages|e2e)/', pathNot: `${test}|^packages/conformance/|^e2e/|${server}cli/` },
      to: { path: '^packages/conformance/' },
    },
    {
      name: 'testkit-stands-alone',
      comment: 'People use the scripted Messages API by itself: it needs node and at most the protocol.',
      severity: 'error',
      from: { path: '^packages/testkit/src/', pathNot: test },
      to: { path: '^(packages/(?!testkit/|protocol/)|e2e/)' },
    },
    {
      name: 'testkit-is-for-tests-and-the-demo',
      comment: 'Only tests, the command line (`hearth demo`) and the scripted backend use the testkit.',
      severity: 'error',
      from: {
        path: '^(packages|e2e)/',
        pathNot: `${test}|^packages/testkit/|^e2e/|${server}(cli|backend/scripted)/`,
      },
      to: { path: '^packages/testkit/' },
    },
    {
      name: 'nothing-imports-benchmarks',
      severity: 'error',
      from: { path: '^(packages|e2e)/' },
      to: { path: '^bench/' },
    },
    {
      name: 'pure-core',
      comment:
        'session, retry and usage take a state and an input and return a state and effects. They import only the protocol and each other.',
      severity: 'error',
      from: { path: pure, pathNot: test },
      to: { pathNot: `${pure}|^packages/protocol/` },
    },
    {
      name: 'accounts-know-no-server',
      comment:
        'Secrets are handled in one place that few can call and that calls few: the store’s port, the clock, the log, and what is pure.',
      severity: 'error',
      from: { path: `${server}account/`, pathNot: test },
      to: {
        path: '^(packages|e2e)/',
        pathNot: `^packages/protocol/|${server}(account/|retry/|store/store[.]ts$|concurrency/|telemetry/)`,
      },
    },
    {
      name: 'no-sibling-implementation',
      comment: 'An implementation of a port never leans on another implementation of it.',
      severity: 'error',
      from: { path: `${server}([^/]+)/([^/]+)/`, pathNot: test },
      to: { path: implementations, pathNot: `${server}$1/$2/` },
    },
    {
      name: 'implementations-only-in-the-composition-root',
      comment: 'Only main.ts, cli/ and tests know implementations; everything else knows ports.',
      severity: 'error',
      from: { path: server, pathNot: `${test}|${implementations}|${server}(main[.]ts$|cli/)` },
      to: { path: implementations },
    },
    {
      name: 'nothing-imports-the-command-line',
      severity: 'error',
      from: { path: server, pathNot: `${test}|${server}cli/` },
      to: { path: `${server}cli/` },
    },
    {
      name: 'nothing-imports-the-composition-root',
      comment: 'main.ts puts the parts together; a part that imports it turns the house upside down.',
      severity: 'error',
      from: { path: server, pathNot: `${test}|${server}(cli/|index[.]ts$)` },
      to: { path: `${server}main[.]ts$` },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.check.json' },
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default', 'types', 'require'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.css'],
    },
  },
};
