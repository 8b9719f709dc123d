// Joins the benchmarks' sources into bench/dist: what is measured must not pay for a compiler at run time.
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/** @param {string} name */
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const roles = [
  'appends',
  'large-database',
  'naive-server',
  'plain-ws',
  'postgres',
  'raw-sdk',
  'sdk-server',
  'socket-io',
  'swarm',
];

await rm(path('dist'), { recursive: true, force: true });
const bundle = await rolldown({
  input: {
    command: path('src/command.ts'),
    guard: path('src/guard/count.ts'),
    ...Object.fromEntries(roles.map((role) => [`role-${role}`, path(`src/roles/${role}.ts`)])),
  },
  platform: 'node',
  external: [/^node:/, 'better-sqlite3', 'pg', '@anthropic-ai/claude-agent-sdk', 'ws', 'socket.io'],
  resolve: { conditionNames: ['source', 'import', 'node', 'default'] },
  checks: { eval: false },
});
await bundle.write({ dir: path('dist'), format: 'esm', sourcemap: true });
await bundle.close();
