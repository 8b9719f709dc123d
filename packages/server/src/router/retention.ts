import type { Clock, TimerHandle } from '../concurrency/clock.ts';
import type { SessionStore } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { Deletions } from './deletions.ts';

const MS_PER_DAY = 24 * 3_600_000;
/** Not while a start has other things to do. */
const FIRST_SWEEP_MS = 60_000;
const SWEEP_MS = 3_600_000;
const PAGE = 100;

export interface RetentionParts {
  store: Pick<SessionStore, 'restingSince'>;
  sessions: Pick<Deletions, 'deleteUnused'>;
  clock: Clock;
  log: Log;
  /** How long a session is kept that nobody uses, days; 0: for ever. */
  days: number;
}

/** Deletes sessions, each whole, that nobody has used for so long. @returns stops it, when a deletion under way is done */
export function startRetention(parts: RetentionParts): () => Promise<void> {
  const { clock, days, log } = parts;
  if (days === 0) return () => Promise.resolve();
  const stopped = new AbortController();
  let timer: TimerHandle | null = null;
  let sweeping: Promise<void> = Promise.resolve();
  const schedule = (delayMs: number): void => {
    timer = clock.setTimeout(() => {
      sweeping = sweepAndSchedule();
    }, delayMs);
  };
  const sweepAndSchedule = async (): Promise<void> => {
    try {
      await sweep(parts, stopped.signal);
    } catch (error) {
      log.warn({ err: error }, 'old sessions could not be deleted; tried again in an hour');
    }
    if (!stopped.signal.aborted) schedule(SWEEP_MS);
  };
  schedule(FIRST_SWEEP_MS);
  return async () => {
    stopped.abort();
    if (timer !== null) clock.clearTimeout(timer);
    await sweeping;
  };
}

async function sweep({ store, sessions, clock, log, days }: RetentionParts, stopped: AbortSignal): Promise<void> {
  const before = clock.now() - days * MS_PER_DAY;
  let deleted = 0;
  // What could not be deleted would come again with the next page.
  const seen = new Set<string>();
  for (;;) {
    const page = await store.restingSince(before, PAGE + seen.size);
    const fresh = page.filter((id) => !seen.has(id));
    if (fresh.length === 0) break;
    for (const id of fresh) {
      if (stopped.aborted) return;
      try {
        // Of the first of a page to the last one somebody may have come back.
        if (await sessions.deleteUnused(id, before)) deleted += 1;
        else seen.add(id);
      } catch (error) {
        seen.add(id);
        log.warn({ err: error, sessionId: id }, 'a session that is older than the retention could not be deleted');
      }
    }
  }
  if (deleted > 0) log.info({ sessions: deleted, days }, 'deleted sessions that nobody had used for so long');
}
