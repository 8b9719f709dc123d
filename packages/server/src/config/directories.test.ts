import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HearthError } from '@hearth/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listDirectories } from './directories.ts';

let folder: string;
let root: string;
let second: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'hearth-directories-')));
  root = join(folder, 'root');
  second = join(folder, 'second');
  for (const name of ['api 10', 'api 2', 'web/src', '.config', 'many']) {
    await mkdir(join(root, name), { recursive: true });
  }
  await mkdir(second);
  await mkdir(join(folder, 'secret'));
  await writeFile(join(root, 'file.txt'), '');
  await symlink(join(folder, 'secret'), join(root, 'link-out'));
  await symlink(join(folder, 'none'), join(root, 'link-nowhere'));
  await symlink(join(root, 'file.txt'), join(root, 'link-to-file'));
  await symlink(join(root, 'web'), join(root, 'link-in'));
  await Promise.all(Array.from({ length: 1_001 }, (_, i) => mkdir(join(root, 'many', `${i}`))));
});
afterAll(() => rm(folder, { recursive: true }));

async function refusal(path: string): Promise<string> {
  const error = await listDirectories([root, second], path).then(
    () => new Error('it was listed'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof HearthError) return error.code;
  throw error;
}

describe('the folders that a session may work in', () => {
  test('[DIR1] without a path are the workspace roots, links followed, each once', async () => {
    expect(await listDirectories([root, second, `${root}/`], undefined)).toEqual({
      path: null,
      parent: null,
      items: [
        { name: 'root', path: root, hidden: false },
        { name: 'second', path: second, hidden: false },
      ],
      truncated: false,
    });
  });

  test('[DIR1] of a folder come by name, numbers by value, hidden ones last, and links as where they lead', async () => {
    const { path, parent, items } = await listDirectories([root], root);
    expect([path, parent]).toEqual([root, null]);
    expect(items.map(({ name }) => name)).toEqual(['api 2', 'api 10', 'link-in', 'many', 'web', '.config']);
    expect(items.find(({ name }) => name === 'link-in')?.path).toBe(join(root, 'web'));
    expect(items.at(-1)).toEqual({ name: '.config', path: join(root, '.config'), hidden: true });
  });

  test('[DIR1] a folder inside a root tells the one above it', async () => {
    const inner = await listDirectories([root], join(root, 'link-in'));
    expect(inner).toMatchObject({ path: join(root, 'web'), parent: root, items: [{ name: 'src' }] });
  });

  test('[DIR2] outside the roots nothing is listed and nothing is told, by links neither', async () => {
    expect(await refusal(folder)).toBe('forbidden');
    expect(await refusal(join(root, '..', 'secret'))).toBe('forbidden');
    expect(await refusal(join(root, 'link-out'))).toBe('forbidden');
    expect(await refusal('/no/such/folder')).toBe('forbidden');
    expect(await refusal(join(root, 'file.txt'))).toBe('invalid_request');
    expect(await refusal('web')).toBe('invalid_request');
  });

  test('[DIR1] a list is bounded, and says so', async () => {
    const { items, truncated } = await listDirectories([root], join(root, 'many'));
    expect([items.length, truncated]).toEqual([1_000, true]);
  });
});
