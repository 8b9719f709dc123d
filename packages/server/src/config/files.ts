import { readdir, realpath, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import type { FileList, FileQuery, FoundFile } from '@hearth/protocol';
import { isInside, realRoot, resolveCwd } from './workspace.ts';

const MAX_ENTRIES = 20_000;
const DEFAULT_LIMIT = 50;

/** Folders that nobody means when they name a file, and that hold more files than all others together. */
const PASSED_OVER: ReadonlySet<string> = new Set(['.git', '.hg', '.svn', 'node_modules']);

/**
 * The files and folders below a working directory whose path has the letters that are sought, in order: first those whose
 * name begins with them. Near ones are looked at before those further down. A link counts as what it leads to and is
 * not gone into; one that leads out of the roots is not told.
 * @throws HearthError like `resolveCwd`
 */
export async function searchFiles(roots: readonly string[], { cwd, q = '', limit }: FileQuery): Promise<FileList> {
  const realRoots = await Promise.all(roots.map(realRoot));
  const real = await resolveCwd(roots, cwd);
  const sought = q.toLowerCase();
  const found: { file: FoundFile; rank: number }[] = [];
  const folders = [''];
  let seen = 0;
  for (let folder = folders.shift(); folder !== undefined && seen < MAX_ENTRIES; folder = folders.shift()) {
    // What cannot be read, or is gone by now, has nothing to be found in.
    const entries = await readdir(join(real, folder), { withFileTypes: true }).catch((): Dirent[] => []);
    for (const entry of entries.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))) {
      seen += 1;
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (seen > MAX_ENTRIES || PASSED_OVER.has(entry.name)) continue;
      if (entry.isDirectory()) folders.push(path);
      const rank = rankOf(path, sought);
      if (rank === undefined) continue;
      const directory = await isDirectory(join(real, path), entry, realRoots);
      if (directory !== null) found.push({ file: { path, directory }, rank });
    }
  }
  const most = limit ?? DEFAULT_LIMIT;
  const best = found.toSorted((a, b) => a.rank - b.rank).slice(0, most);
  return { items: best.map(({ file }) => file), truncated: found.length > most || seen > MAX_ENTRIES };
}

/** Null: neither a file nor a folder inside the roots. */
async function isDirectory(path: string, entry: Dirent, roots: readonly string[]): Promise<boolean | null> {
  if (entry.isDirectory()) return true;
  if (entry.isFile()) return false;
  if (!entry.isSymbolicLink()) return null;
  try {
    const target = await realpath(path);
    if (!roots.some((root) => isInside(root, target))) return null;
    return (await stat(target)).isDirectory();
  } catch {
    return null;
  }
}

/** How well a path fits, 0 best; undefined: not at all. */
function rankOf(path: string, sought: string): number | undefined {
  const lower = path.toLowerCase();
  const name = lower.slice(lower.lastIndexOf('/') + 1);
  if (name.startsWith(sought)) return 0;
  if (name.includes(sought)) return 1;
  if (lower.includes(sought)) return 2;
  let at = 0;
  for (const letter of sought) {
    at = lower.indexOf(letter, at) + 1;
    if (at === 0) return undefined;
  }
  return 3;
}
