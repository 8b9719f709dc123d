// Says whether node_modules holds what package-lock.json asks for, and whether the native module works on this node.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function packagesOf(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {};
}

function problem() {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const present = packagesOf(join(root, 'node_modules/.package-lock.json'));
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes('node_modules/') || entry.link) continue;
    const found = present[path];
    if (found === undefined && (entry.optional || entry.peer)) continue;
    if (found?.version !== entry.version) return `${path} ${entry.version} is not installed`;
  }
  const require = createRequire(join(root, 'packages/server/package.json'));
  try {
    const Database = require('better-sqlite3');
    new Database(':memory:').close();
  } catch (error) {
    return `better-sqlite3 does not load (were its install scripts allowed to run?): ${error.message}`;
  }
  return null;
}

const found = problem();
if (found !== null) {
  process.stderr.write(`${found}\n`);
  process.exitCode = 1;
}
