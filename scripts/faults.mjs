// Runs the fault injection of e2e/src/faults, whose sources are TypeScript, without a build of its own.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const conditions = ['source', 'module', 'node', 'development|production'];
const { module } = await runnerImport(fileURLToPath(new URL('../e2e/src/faults/command.ts', import.meta.url)), {
  configFile: false,
  logLevel: 'error',
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['source', 'node'] } },
});
process.exitCode = await module.faultsCommand(process.argv.slice(2));
