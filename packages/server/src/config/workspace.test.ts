import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HearthError } from '@hearth/protocol';
import type { ErrorCode } from '@hearth/protocol';
import { resolveCwd } from './workspace.ts';

let folder: string;
let root: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'hearth-workspace-')));
  root = join(folder, 'root');
  await mkdir(join(root, 'inner'), { recursive: true });
  await mkdir(join(folder, 'root-beside'));
  await mkdir(join(folder, 'second'));
  await writeFile(join(root, 'file'), '');
  await symlink(folder, join(root, 'link-out'));
  await symlink(join(root, 'inner'), join(root, 'link-in'));
  await symlink(root, join(folder, 'link-to-root'));
});
afterAll(() => rm(folder, { recursive: true }));

async function refusal(requested: string, roots = [root]): Promise<ErrorCode> {
  const error = await resolveCwd(roots, requested).then(
    (path) => new Error(`it was allowed: ${path}`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof HearthError) return error.code;
  throw error;
}

describe('the working directory of a session', () => {
  test('is the first root when none is asked for', async () => {
    expect(await resolveCwd([root, join(folder, 'second')], undefined)).toBe(root);
  });

  test('may be a root or anything inside one, links followed', async () => {
    expect(await resolveCwd([root], root)).toBe(root);
    expect(await resolveCwd([root], join(root, 'inner'))).toBe(join(root, 'inner'));
    expect(await resolveCwd([root], `${root}/inner/../inner/`)).toBe(join(root, 'inner'));
    expect(await resolveCwd([root], join(root, 'link-in'))).toBe(join(root, 'inner'));
    expect(await resolveCwd([root, join(folder, 'second')], join(folder, 'second'))).toBe(join(folder, 'second'));
    expect(await resolveCwd([join(folder, 'link-to-root')], join(folder, 'link-to-root', 'inner'))).toBe(
      join(root, 'inner'),
    );
  });

  test('[SEC3] is forbidden outside, also by a link, by dots and beside a root of a similar name', async () => {
    expect(await refusal('/')).toBe('forbidden');
    expect(await refusal(folder)).toBe('forbidden');
    expect(await refusal(join(root, 'link-out'))).toBe('forbidden');
    expect(await refusal(join(root, 'link-out', 'second'))).toBe('forbidden');
    expect(await refusal(`${root}/../second`)).toBe('forbidden');
    expect(await refusal(join(folder, 'root-beside'))).toBe('forbidden');
  });

  test('[SEC3] outside nothing is told of what exists', async () => {
    expect(await refusal('/no/such/folder')).toBe('forbidden');
    expect(await refusal(`${root}/../none`)).toBe('forbidden');
  });

  test('[SEC3] nor by a link that leads out, whatever is at its end', async () => {
    await symlink('../gone', join(root, 'link-gone'));
    await symlink(join(root, 'link-gone', 'deep'), join(root, 'link-to-link'));
    await symlink('circle', join(root, 'circle'));
    for (const there of ['link-out/second', 'link-out/root-beside/']) {
      expect(await refusal(`${root}/${there}`)).toBe('forbidden');
    }
    for (const none of ['link-out/none', 'link-out/none/deep', 'link-out/second/none', 'link-out/../none']) {
      expect(await refusal(`${root}/${none}`)).toBe('forbidden');
    }
    for (const gone of ['link-gone', 'link-gone/', 'link-gone/.', 'link-gone/deep', 'link-to-link', 'circle']) {
      expect(await refusal(`${root}/${gone}`)).toBe('forbidden');
    }
    expect(await refusal(`${root}/link-out/none${'/x'.repeat(100_000)}`)).toBe('forbidden');
  });

  test('a link inside that leads to what is gone inside does not exist', async () => {
    await symlink('inner/gone', join(root, 'link-gone-inside'));
    expect(await refusal(join(root, 'link-gone-inside', 'deep'))).toBe('invalid_request');
    expect(await refusal(join(root, 'link-in', 'none'))).toBe('invalid_request');
    expect(await refusal(join(root, 'file', 'none'))).toBe('invalid_request');
  });

  test('is refused when it does not exist, is no folder or not absolute', async () => {
    expect(await refusal(join(root, 'none'))).toBe('invalid_request');
    expect(await refusal(join(root, 'file'))).toBe('invalid_request');
    expect(await refusal('inner')).toBe('invalid_request');
    expect(await refusal('')).toBe('invalid_request');
    expect(await refusal(`${root}/\0`)).toBe('invalid_request');
    expect(await refusal(join(folder, 'link-to-root', 'none'), [join(folder, 'link-to-root')])).toBe('invalid_request');
  });

  test('a root that is missing is named', async () => {
    await expect(resolveCwd([join(folder, 'gone')], undefined)).rejects.toThrow(join(folder, 'gone'));
  });
});
