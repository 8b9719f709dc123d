import { readFileSync } from 'node:fs';

/** The parts of a RESULTS.md by the names of their benchmarks. */
export type Sections = Map<string, string>;

const COMMAND = /^`npm run bench -- ([\w-]+)`/m;

/** What an earlier run has left in the file; nothing when there is none. */
export function readSections(file: string): Sections {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  const [, ...parts] = text.split(/^## /m);
  return new Map(parts.map((part): [string, string] => [COMMAND.exec(part)?.[1] ?? '', `## ${part.trimEnd()}\n`]));
}
