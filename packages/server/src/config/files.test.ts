import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { HearthError } from '@hearth/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { searchFiles } from './files.ts';

let folder: string;
let root: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'hearth-files-')));
  root = join(folder, 'root');
  for (const path of ['src/cart.ts', 'src/cart.test.ts', 'docs/shopping-cart.md', 'node_modules/cart/index.js']) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), '');
  }
  await writeFile(join(folder, 'cart-secret.txt'), '');
  await symlink(join(folder, 'cart-secret.txt'), join(root, 'cart-out'));
  await symlink(join(folder, 'none'), join(root, 'cart-nowhere'));
  await symlink(join(root, 'src'), join(root, 'cart-in'));
  await mkdir(join(root, 'many'));
  await Promise.all(Array.from({ length: 60 }, (_, i) => writeFile(join(root, 'many', `f${i}`), '')));
});
afterAll(() => rm(folder, { recursive: true }));

const paths = async (q: string, limit?: number): Promise<string[]> => {
  const { items } = await searchFiles([root], { cwd: root, q, ...(limit === undefined ? {} : { limit }) });
  return items.map(({ path }) => path);
};

describe('the files that one can name to an agent', () => {
  test('[DIR3] come best first: names that begin with it, that have it, paths that have its letters', async () => {
    expect(await paths('cart')).toEqual(['cart-in', 'src/cart.test.ts', 'src/cart.ts', 'docs/shopping-cart.md']);
    expect(await paths('SRC/c')).toEqual(['src/cart.test.ts', 'src/cart.ts']);
    expect(await paths('scts')).toEqual(['src/cart.test.ts', 'src/cart.ts']);
    expect(await paths('nothing-like-it')).toEqual([]);
  });

  test('[DIR3] are bounded, and it is said', async () => {
    const { items, truncated } = await searchFiles([root], { cwd: join(root, 'many') });
    expect([items.length, truncated]).toEqual([50, true]);
    expect(await paths('f', 3)).toHaveLength(3);
  });

  test('[DIR4] lie inside the workspace roots, links followed', async () => {
    expect(await paths('secret')).toEqual([]);
    const outside = searchFiles([root], { cwd: folder, q: 'secret' });
    await expect(outside).rejects.toMatchObject({ code: 'forbidden' });
    await expect(outside).rejects.toBeInstanceOf(HearthError);
  });
});
