import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const SOURCE = fileURLToPath(new URL('./service-worker.js', import.meta.url));
const FIXED = ['/theme.js', '/flame.svg', '/flame-waiting.svg', '/manifest.webmanifest', '/icon-192.png'];

/** Puts `sw.js` beside the built page, with the names of the files that a page without a connection needs. */
export function serviceWorker(): Plugin {
  return {
    name: 'hearth-service-worker',
    apply: 'build',
    generateBundle(_options, bundle) {
      // Fonts, lazy pages and grammars of languages are kept when they were first asked for.
      const entry = Object.values(bundle).find((file) => file.type === 'chunk' && file.isEntry);
      const first = entry?.type === 'chunk' ? [entry.fileName, ...entry.imports] : [];
      const styles = Object.keys(bundle).filter((name) => name.endsWith('.css'));
      const files = [...FIXED, ...[...first, ...styles].map((name) => `/${name}`)];
      const version = createHash('sha256').update(Object.keys(bundle).sort().join('\n')).digest('hex').slice(0, 12);
      const source = readFileSync(SOURCE, 'utf8')
        .replace('__VERSION__', JSON.stringify(version))
        .replace('__FILES__', JSON.stringify([...new Set(files)]));
      this.emitFile({ type: 'asset', fileName: 'sw.js', source });
    },
  };
}
