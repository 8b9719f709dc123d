import { systemClock } from '../../../packages/server/src/concurrency/clock.ts';
import { EventLog } from '../../../packages/server/src/event-log/event-log.ts';
import type { Store } from '../../../packages/server/src/store/store.ts';
import { silentLog } from '../../../packages/server/src/telemetry/log.ts';
import { insertSessions } from '../fixtures.ts';

/** What is appended: by so many sessions at once, each so many times, so many events at a time. */
export interface Load {
  sessions: number;
  appends: number;
  eventsAtOnce: number;
  chars: number;
}

const FIRST_BLOCK = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const SECOND_BLOCK = '9b2e3c1a-1f4d-4c35-9a55-0d9a1c1b2f10';
const TURN = '550e8400-e29b-41d4-a716-446655440000';

/** Deltas of two blocks in turn, as when a subagent writes too: neighbours of one block would be merged into one event. */
function bodies(load: Load, text: string, from: number) {
  return Array.from({ length: load.eventsAtOnce }, (_, index) => {
    const blockId = (from + index) % 2 === 0 ? FIRST_BLOCK : SECOND_BLOCK;
    return { type: 'block.delta' as const, blockId, offset: (from + index) * load.chars, text, turnId: TURN };
  });
}

export function sessionIds({ sessions }: Load): string[] {
  return Array.from({ length: sessions }, (_, index) => `session-${index}`);
}

/** Every session appends and waits until it is stored, then appends again. @returns events per second */
export async function appendThroughLog(store: Store, load: Load): Promise<number> {
  const ids = sessionIds(load);
  await insertSessions(store, ids);
  const log = new EventLog({ store: store.events, clock: systemClock, log: silentLog() });
  for (const id of ids) {
    log.open(id, 0, {
      flush: () => undefined,
      project: () => ({ messages: [], usage: [] }),
      committed: () => undefined,
      failed: () => undefined,
    });
  }
  const text = '.'.repeat(load.chars);
  const began = performance.now();
  await Promise.all(
    ids.map(async (id) => {
      for (let n = 0; n < load.appends; n += 1) await log.append(id, bodies(load, text, n * load.eventsAtOnce));
    }),
  );
  return eventsPerSecond(load, began);
}

/** A row as a plain table has it: the session's number, the event's, and the event encoded. */
export type PlainRow = [session: number, seq: number, body: string];

/** What all sessions append in one round, made as the floor inserts it. */
export function* plainRound(load: Load, text: string, time: string, round: number): Generator<PlainRow> {
  const first = round * load.eventsAtOnce;
  for (let session = 0; session < load.sessions; session += 1) {
    for (const [index, body] of bodies(load, text, first).entries()) {
      const seq = first + index + 1;
      yield [session, seq, JSON.stringify({ sessionId: `session-${session}`, seq, time, ...body })];
    }
  }
}

export function eventsPerSecond(load: Load, began: number): number {
  return (load.sessions * load.appends * load.eventsAtOnce) / ((performance.now() - began) / 1000);
}
