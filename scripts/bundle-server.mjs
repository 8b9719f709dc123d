/**
 * Joins the built command line with its libraries into a few files (packages/server/dist/program): to find and read the thousand files
 * of the libraries one by one takes most of the time of a start.
 */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const server = new URL('../packages/server/', import.meta.url);
const path = (name) => fileURLToPath(new URL(name, server));

/** What reads files beside its own code, or is native, stays where npm put it. */
const placed = ['better-sqlite3', '@anthropic-ai/claude-agent-sdk', '@fastify/swagger-ui'];
/** What the web framework loads only for what this server does not use. */
const unused = ['@fastify/ajv-compiler', '@fastify/fast-json-stringify-compiler', 'light-my-request'];
/** What is loaded only when it is asked for, and then as it is. */
const asked = ['pg'];
const external = [/^node:/, ...placed, ...unused, ...asked];

await rm(path('dist/program'), { recursive: true, force: true });
const bundle = await rolldown({
  input: { hearth: path('dist/cli/main.js') },
  platform: 'node',
  external,
  checks: { eval: false },
});
await bundle.write({ dir: path('dist/program'), format: 'esm', minify: true });
await bundle.close();
