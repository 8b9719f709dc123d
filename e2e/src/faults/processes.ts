import { readdirSync, readFileSync } from 'node:fs';
import { isAlive } from '../server-process.ts';
import type { Place } from '../server-process.ts';

/** Pids of everything that was started for this place: each process has its home there. */
export function processesOf(place: Place): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => isAlive(pid) && homeOf(pid) === place.home);
}

function homeOf(pid: number): string | undefined {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return variables.find((variable) => variable.startsWith('HOME='))?.slice('HOME='.length);
  } catch {
    // It has ended meanwhile, or is not ours to look at.
    return undefined;
  }
}
