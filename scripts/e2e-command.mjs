// Runs a long check of e2e/src (`faults`, `soak`), whose sources are TypeScript, without a build of its own.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const [name, ...args] = process.argv.slice(2);
const conditions = ['source', 'module', 'node', 'development|production'];
const { module } = await runnerImport(fileURLToPath(new URL(`../e2e/src/${name}/command.ts`, import.meta.url)), {
  configFile: false,
  logLevel: 'error',
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['source', 'node'] } },
});
process.exitCode = await module[`${name}Command`](args);
