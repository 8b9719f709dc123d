import { readdir, realpath, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { HearthError } from '@hearth/protocol';
import type { Directory, DirectoryList } from '@hearth/protocol';
import { isInside, realRoot, resolveCwd } from './workspace.ts';

const MAX_ITEMS = 1_000;

/**
 * The folders that a session may work in: the workspace roots, or what lies directly inside a folder of theirs. A link
 * counts as the folder that it leads to, and one that leads outside the roots is not told.
 * @throws HearthError like `resolveCwd`, and `invalid_request` when the folder cannot be read
 */
export async function listDirectories(roots: readonly string[], path: string | undefined): Promise<DirectoryList> {
  const realRoots = [...new Set(await Promise.all(roots.map(realRoot)))];
  if (path === undefined) {
    const items = realRoots.map((root) => ({ name: basename(root) || root, path: root, hidden: false }));
    return { path: null, parent: null, items, truncated: false };
  }
  const real = await resolveCwd(roots, path);
  const entries = await readdir(real, { withFileTypes: true }).catch((cause: unknown) => unreadable(path, cause));
  const names = entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).toSorted(byName);
  const items: Directory[] = [];
  let truncated = false;
  for (const entry of names) {
    const target = await folderOf(join(real, entry.name), entry, realRoots);
    if (target === null) continue;
    truncated = items.length === MAX_ITEMS;
    if (truncated) break;
    items.push({ name: entry.name, path: target, hidden: isHidden(entry.name) });
  }
  const above = dirname(real);
  const hasParent = above !== real && realRoots.some((root) => isInside(root, above));
  return { path: real, parent: hasParent ? above : null, items, truncated };
}

/** Null for a link that leads to no folder, or out of the roots. */
async function folderOf(path: string, entry: Dirent, roots: readonly string[]): Promise<string | null> {
  if (entry.isDirectory()) return path;
  try {
    const target = await realpath(path);
    if (!roots.some((root) => isInside(root, target))) return null;
    return (await stat(target)).isDirectory() ? target : null;
  } catch {
    // A link that leads nowhere, or is gone by now, is none that one could choose.
    return null;
  }
}

function byName(a: Dirent, b: Dirent): number {
  const hidden = Number(isHidden(a.name)) - Number(isHidden(b.name));
  return hidden === 0 ? a.name.localeCompare(b.name, 'en', { numeric: true }) : hidden;
}

function isHidden(name: string): boolean {
  return name.startsWith('.');
}

function unreadable(path: string, cause: unknown): never {
  const message = `${path} cannot be read by the server.`;
  throw new HearthError('invalid_request', message, {
    hint: 'Choose another folder, or give the user that the server runs as the right to read this one.',
    issues: [{ path: 'path', message }],
    cause,
  });
}
