import type { LogEntry } from '../store/store.ts';
import { toPage } from './delta.ts';
import type { Page } from './delta.ts';

/**
 * The end of one session's log in memory, for subscribers that keep up, or nearly. It is a convenience and no buffer:
 * whatever falls out of it is read from the store. It holds only what somebody still needs, so it is empty at rest.
 */
export class Tail {
  /** Every event after this number is here (but for compacted deltas). */
  #floor: number;
  #entries: LogEntry[] = [];
  #length = 0;
  /** The last page that was asked for: subscribers that are equally far share its strings and its array. */
  #shared: { cursor: number; page: Page } | null = null;

  constructor(floor: number) {
    this.#floor = floor;
  }

  /** UTF-16 code units of all bodies. */
  get length(): number {
    return this.#length;
  }

  covers(cursor: number): boolean {
    return cursor >= this.#floor;
  }

  /**
   * What was committed. The deltas of a block that ends with it are let go, as in the store.
   * @param entries which are the tail's from now on
   */
  push(entries: LogEntry[]): void {
    this.#shared = null;
    if (this.#entries.length > 0 && entries.some(({ type }) => type === 'block.completed')) {
      const ended = new Set(entries.flatMap((entry) => (entry.type === 'block.completed' ? [entry.blockId] : [])));
      this.#replace(this.#entries.filter((entry) => entry.type !== 'block.delta' || !ended.has(entry.blockId)));
    }
    if (this.#entries.length === 0) this.#entries = entries;
    else this.#entries.push(...entries);
    for (const entry of entries) this.#length += entry.body.length;
  }

  /** All events after the cursor, or null when the store must be asked. */
  after(cursor: number): Page | null {
    if (!this.covers(cursor)) return null;
    if (this.#shared?.cursor === cursor) return this.#shared.page;
    const first = this.#entries[0];
    const all = first === undefined || first.seq > cursor;
    const page = toPage(all ? this.#entries : this.#entries.filter((entry) => entry.seq > cursor), cursor);
    this.#shared = { cursor, page };
    return page;
  }

  /** Lets go of what no cursor needs any more: everything up to `seq`. */
  dropThrough(seq: number): void {
    if (seq <= this.#floor) return;
    this.#floor = seq;
    this.#shared = null;
    const last = this.#entries.at(-1);
    if (last === undefined || last.seq <= seq) this.#replace([]);
    else this.#replace(this.#entries.filter((entry) => entry.seq > seq));
  }

  /** Lets go of the oldest until at most this many code units are left. */
  bound(maxLength: number): void {
    let excess = this.#length - maxLength;
    let dropped = this.#floor;
    for (const entry of this.#entries) {
      if (excess <= 0) break;
      excess -= entry.body.length;
      dropped = entry.seq;
    }
    this.dropThrough(dropped);
  }

  #replace(entries: LogEntry[]): void {
    this.#entries = entries;
    this.#length = entries.reduce((sum, entry) => sum + entry.body.length, 0);
  }
}
