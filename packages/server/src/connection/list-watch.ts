import type { SessionsChanged } from '@hearth/protocol';
import type { Sessions } from '../router/sessions.ts';
import type { Log } from '../telemetry/log.ts';
import type { Outbox } from './outbox.ts';

export interface ListWatchLimits {
  /** What changes within this time is told at once. */
  listIntervalMs: number;
  /** More sessions than these are not told one by one: the client reads the list again. */
  maxListChanges: number;
}

export const LIST_WATCH_LIMITS: ListWatchLimits = { listIntervalMs: 150, maxListChanges: 200 };

export interface ListWatchOptions {
  sessions: Sessions;
  outbox: Outbox;
  log: Log;
  limits: ListWatchLimits;
}

/**
 * One client's watch on the list of sessions. All that it remembers is which sessions changed since it last told, up
 * to a bound; a client that does not read costs no more than that, and is then told the sessions as they are.
 */
export class ListWatch {
  readonly #options: ListWatchOptions;
  readonly #changed = new Set<string>();
  #stale = false;
  #stop: (() => void) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #telling = false;
  #waitsForRoom = false;

  constructor(options: ListWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stop ??= this.#options.sessions.watch((sessionId) => this.#note(sessionId));
  }

  /** Nothing is told any more. */
  stop(): void {
    this.#stop?.();
    this.#stop = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#changed.clear();
    this.#stale = false;
    this.#waitsForRoom = false;
  }

  /** The socket has room again. */
  drained(): void {
    if (!this.#waitsForRoom) return;
    this.#waitsForRoom = false;
    this.#schedule();
  }

  #note(sessionId: string): void {
    if (this.#stale) return;
    this.#changed.add(sessionId);
    if (this.#changed.size > this.#options.limits.maxListChanges) {
      this.#changed.clear();
      this.#stale = true;
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== null || this.#telling || this.#waitsForRoom) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#tell();
    }, this.#options.limits.listIntervalMs);
  }

  async #tell(): Promise<void> {
    const { outbox, log } = this.#options;
    if (outbox.full) {
      this.#waitsForRoom = true;
      return;
    }
    this.#telling = true;
    const stale = this.#stale;
    const ids = [...this.#changed];
    this.#changed.clear();
    this.#stale = false;
    try {
      const { items, removed } = await this.#read(ids);
      if (this.#stop !== null) outbox.notify('sessions.changed', JSON.stringify({ items, removed, stale }));
    } catch (error) {
      log.warn({ err: error }, 'changed sessions could not be read; the client reads its list again');
      if (this.#stop !== null) this.#stale = true;
    } finally {
      this.#telling = false;
      if (this.#stop !== null && (this.#stale || this.#changed.size > 0)) this.#schedule();
    }
  }

  async #read(ids: readonly string[]): Promise<Pick<SessionsChanged, 'items' | 'removed'>> {
    const found = await Promise.all(ids.map((id) => this.#options.sessions.summary(id)));
    return {
      items: found.filter((summary) => summary !== null),
      removed: ids.filter((_, place) => found[place] === null),
    };
  }
}
