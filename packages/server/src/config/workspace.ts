import { readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, parse, relative, sep } from 'node:path';
import { HearthError } from '@hearth/protocol';

/** Folders and links that are looked at on the way to what does not exist. */
const MAX_STEPS = 256;

/**
 * The folder in which a session works: the requested one with every link followed, or the first root. It must lie inside a
 * workspace root, links followed there too, so that no link leads out.
 * @throws HearthError `forbidden` when it lies outside, `invalid_request` when it is not an absolute path of a folder
 */
export async function resolveCwd(roots: readonly string[], requested: string | undefined): Promise<string> {
  const realRoots = await Promise.all(roots.map(realRoot));
  const [first] = realRoots;
  if (first === undefined) {
    throw new HearthError('forbidden', 'This server has no workspace.', { hint: 'Start it with --workspace DIR.' });
  }
  if (requested === undefined) return first;
  if (!isAbsolute(requested) || requested.includes('\0')) {
    throw wrongCwd(`${JSON.stringify(requested)} is not an absolute path.`);
  }
  const real = await realpath(requested).catch((cause: unknown) => missing(requested, realRoots, cause));
  if (!realRoots.some((root) => isInside(root, real))) throw outside(requested);
  if (!(await stat(real)).isDirectory()) throw wrongCwd(`${requested} is not a folder.`);
  return real;
}

/** The root with every link followed. @throws HearthError when it is missing */
export async function realRoot(root: string): Promise<string> {
  return await realpath(root).catch((cause: unknown) => {
    throw new HearthError('invalid_request', `The workspace ${root} does not exist on the server.`, {
      hint: 'Make the folder, or start the server with another --workspace.',
      cause,
    });
  });
}

/** Outside the roots it is not told what exists and what does not, nor by a link that leads there from inside. */
async function missing(requested: string, realRoots: readonly string[], cause: unknown): Promise<never> {
  const nearest = await nearestFolder(requested);
  if (realRoots.some((root) => isInside(root, nearest))) throw wrongCwd(`${requested} does not exist.`, cause);
  throw outside(requested);
}

/** Of a path that does not exist: the last thing on the way to it that does, links followed, also those to what is gone. */
async function nearestFolder(path: string): Promise<string> {
  let at = path;
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    const real = await realpath(at).catch(() => null);
    if (real !== null) return real;
    const folder = dirname(at);
    // With a slash at its end a link would be followed instead of read.
    const target = await readlink(`${folder}${sep}${basename(at)}`).catch(() => null);
    if (target === null) at = folder;
    else at = isAbsolute(target) ? target : `${folder}${sep}${target}`;
  }
  // Links in a circle lead nowhere, inside or outside.
  return parse(path).root;
}

/** Whether the path is the root or lies below it; both with links followed. */
export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way));
}

function outside(requested: string): HearthError {
  return new HearthError('forbidden', `${requested} lies outside the workspaces of this server.`, {
    hint: 'Choose a folder inside a workspace, or start the server with --workspace for this one.',
  });
}

function wrongCwd(message: string, cause?: unknown): HearthError {
  return new HearthError('invalid_request', message, {
    hint: 'cwd is the absolute path of a folder that exists on the server.',
    issues: [{ path: 'cwd', message }],
    cause,
  });
}
