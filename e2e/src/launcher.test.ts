import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const launcher = fileURLToPath(new URL('../../bin/hearth', import.meta.url));
const manifest = fileURLToPath(new URL('../../packages/server/package.json', import.meta.url));

describe('bin/hearth', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearth-launcher-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  test('runs from any folder and through a link, with nothing but the program on standard output', async () => {
    const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
    const link = join(folder, 'hearth');
    await symlink(launcher, link);

    const { stdout } = await run(link, ['--version'], { cwd: folder });

    expect(stdout).toBe(`${version}\n`);
  });

  test('hands arguments and the exit code through', async () => {
    await expect(run(launcher, ['--no-such-option'], { cwd: folder })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("unknown option '--no-such-option'") as unknown,
    });
  });

  test('lets the server collect its garbage where V8 does not do so by itself', async () => {
    const node = join(folder, 'node');
    const script = `#!/bin/sh\ncase "$*" in *program/hearth.js*) echo "$@" ;; *) exec '${process.execPath}' "$@" ;; esac\n`;
    await writeFile(node, script, { mode: 0o755 });

    const { stdout } = await run(launcher, ['serve'], {
      env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` },
    });

    expect(stdout).toMatch(/--no-memory-reducer .*--expose-gc .*program\/hearth\.js serve\n$/);
  });

  test('names the version it needs when node is too old', async () => {
    const oldNode = join(folder, 'node');
    await run('sh', ['-c', `printf '#!/bin/sh\\necho v18.20.4\\n' > "$0" && chmod +x "$0"`, oldNode]);

    const failure: unknown = await run(launcher, ['--version'], {
      env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` },
    }).catch((error: unknown) => error);

    expect(failure).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/needs Node\.js 20\.19 or newer, but .*node is v18\.20\.4/) as unknown,
    });
  });
});
