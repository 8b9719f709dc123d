import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Role } from './role.ts';
import type { RoleName } from './role.ts';

/** Cores: what is measured has the first, its clients the second. On a machine with one core both are the same. */
export const SERVER_CORE = 0;
export const CLIENT_CORE = 1;

interface Leaving {
  close(): Promise<unknown>;
}

/** Where a benchmark runs: its folder, its processes, and how much of everything it does. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'hearth-bench-'));
  /** The short form only shows that the benchmark works. */
  readonly short: boolean;
  readonly #open: Leaving[] = [];
  readonly #say: (text: string) => void;

  constructor(short: boolean, say: (text: string) => void) {
    this.short = short;
    this.#say = say;
  }

  /** How much to do. */
  pick<Value>(full: Value, short: Value): Value {
    return this.short ? short : full;
  }

  /** Tells whoever waits what is being done. */
  say(text: string): void {
    this.#say(text);
  }

  subfolder(name: string): string {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Ends it with the others. */
  adopt<Thing extends Leaving>(thing: Thing): Thing {
    this.#open.push(thing);
    return thing;
  }

  /** Starts one of the programs of `roles/`, on one core when that is given. */
  async role(name: RoleName, options: { core?: number; env?: Record<string, string | undefined> } = {}): Promise<Role> {
    return this.adopt(await Role.start(name, options));
  }

  async close(): Promise<void> {
    for (const thing of this.#open.splice(0).toReversed()) await thing.close();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/**
 * Runs each contender once per round, every round in another order, so that what the machine does meanwhile meets all
 * alike. Rounds of warming up have a negative number.
 */
export async function inRounds(
  rounds: number,
  contenders: readonly ((round: number) => Promise<void>)[],
  warmUp = rounds > 1 ? 1 : 0,
): Promise<void> {
  for (let round = -warmUp; round < rounds; round += 1) {
    for (let index = 0; index < contenders.length; index += 1) {
      await contenders[(index + Math.abs(round)) % contenders.length]?.(round);
    }
  }
}
