import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { describe, expect, test } from 'vitest';

const LIMIT_BYTES = 15_000;

async function bundle(entry: string): Promise<{ bytes: number; modules: string[] }> {
  const build = await rolldown({
    input: fileURLToPath(new URL(entry, import.meta.url)),
    platform: 'browser',
    resolve: { conditionNames: ['source', 'browser', 'import', 'default'] },
    logLevel: 'silent',
  });
  const { output } = await build.generate({ format: 'esm', minify: true });
  await build.close();
  const chunks = output.flatMap((file) => (file.type === 'chunk' ? [file] : []));
  return {
    bytes: chunks.reduce((sum, { code }) => sum + gzipSync(code).length, 0),
    modules: chunks.flatMap(({ modules }) =>
      Object.entries(modules).flatMap(([id, { renderedLength }]) => (renderedLength > 0 ? [id] : [])),
    ),
  };
}

describe('the bundle for a browser', () => {
  test.each(['./index.ts', './conversation/index.ts'])(
    'of %s is under 15 kB gzipped, without zod and ws',
    async (entry) => {
      const { bytes, modules } = await bundle(entry);
      expect(bytes).toBeGreaterThan(500);
      expect(bytes).toBeLessThan(LIMIT_BYTES);
      const foreign = modules.filter((id) => !/packages\/(client\/src|protocol\/src\/(errors|version)[.]ts)/.test(id));
      expect(foreign.filter((id) => id.includes('node_modules') && !id.includes('ignored'))).toEqual([]);
      expect(modules.filter((id) => /\/zod\/|protocol\/src\/(?!errors|version)/.test(id))).toEqual([]);
    },
  );
});
