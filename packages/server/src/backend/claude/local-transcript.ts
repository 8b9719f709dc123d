import { realpathSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, posix, resolve, sep } from 'node:path';
import type { TranscriptEntry } from '../../store/store.ts';

const MAX_NAME_LENGTH = 200;

/** Where the binary keeps one conversation: `<config>/projects/<project>/<id>.jsonl`, and a folder for its subagents. */
export interface LocalPlace {
  configDir: string;
  projectKey: string;
  agentSessionId: string;
}

/** The binary's folder for its state, as it finds it by itself. */
export function configDirOf(env: Readonly<Record<string, string | undefined>>): string {
  return env['CLAUDE_CONFIG_DIR'] ?? join(env['HOME'] ?? homedir(), '.claude');
}

/** The name that the binary gives to a working directory, which is also the `projectKey` of the SDK's session stores. */
export function projectKeyOf(cwd: string): string {
  let real = resolve(cwd);
  try {
    real = realpathSync(real);
  } catch {
    // A directory that is gone keeps the name that its path has; the conversation is still found under it.
  }
  const name = (process.platform === 'darwin' ? real.normalize('NFC') : real).replace(/[^a-zA-Z0-9]/g, '-');
  if (name.length <= MAX_NAME_LENGTH) return name;
  return `${name.slice(0, MAX_NAME_LENGTH)}-${Math.abs(stringHash(real)).toString(36)}`;
}

/** The transcripts on disk by subpath ('' is the main one). Lines that are no JSON (a write that was cut) are left out. */
export async function readLocal(place: LocalPlace): Promise<Map<string, TranscriptEntry[]>> {
  const found = new Map<string, TranscriptEntry[]>();
  const main = await readLines(mainFile(place));
  if (main !== undefined) found.set('', main);
  for (const file of await filesUnder(folder(place))) {
    if (!file.endsWith('.jsonl')) continue;
    const entries = await readLines(join(folder(place), file));
    const subpath = file.slice(0, -'.jsonl'.length).split(sep).join(posix.sep);
    if (entries !== undefined) found.set(subpath, entries);
  }
  return found;
}

/** Writes transcripts to where the binary will look for them; each file is replaced in one step. */
export async function writeLocal(
  place: LocalPlace,
  transcripts: ReadonlyMap<string, readonly TranscriptEntry[]>,
): Promise<void> {
  for (const [subpath, entries] of transcripts) {
    if (subpath === '') {
      await replaceFile(mainFile(place), jsonLines(entries));
      continue;
    }
    const base = resolve(folder(place), subpath);
    if (!base.startsWith(folder(place) + sep)) throw new Error(`transcript subpath leads outside: ${subpath}`);
    // The SDK mirrors a subagent's description, a file of its own, as an entry of this type.
    const metadata = entries.filter((entry) => entry.type === 'agent_metadata').at(-1);
    const rest = entries.filter((entry) => entry.type !== 'agent_metadata');
    if (rest.length > 0) await replaceFile(`${base}.jsonl`, jsonLines(rest));
    if (metadata !== undefined) {
      const { type: _, ...description } = metadata;
      await replaceFile(`${base}.meta.json`, JSON.stringify(description));
    }
  }
}

export async function removeLocal(place: LocalPlace): Promise<void> {
  await rm(mainFile(place), { force: true });
  await rm(folder(place), { recursive: true, force: true });
}

function folder(place: LocalPlace): string {
  return join(place.configDir, 'projects', place.projectKey, place.agentSessionId);
}

function mainFile(place: LocalPlace): string {
  return `${folder(place)}.jsonl`;
}

async function readLines(file: string): Promise<TranscriptEntry[] | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return text.split('\n').flatMap((line) => {
    const entry = parseLine(line);
    return entry === undefined ? [] : [entry];
  });
}

function parseLine(line: string): TranscriptEntry | undefined {
  if (line.trim() === '') return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
    return typeof value.type === 'string' ? (value as TranscriptEntry) : undefined;
  } catch {
    return undefined;
  }
}

function jsonLines(entries: readonly TranscriptEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(resolve(file, '..'), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, file);
}

async function filesUnder(directory: string): Promise<string[]> {
  try {
    return await readdir(directory, { recursive: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** The 32-bit string hash (h * 31 + c) that the binary appends to long names. */
function stringHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}
