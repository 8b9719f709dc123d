import { Buffer } from 'node:buffer';
import { HearthError } from '@hearth/protocol';
import type { EventType } from '@hearth/protocol';
import type { EventStore, LogEntry, SessionBatch } from '../store.ts';
import type { Connection } from './connection.ts';
import { messageWriter } from './messages.ts';
import type { SessionPlace } from './session-keys.ts';
import { recordWriter } from './sessions.ts';
import { usageWriter } from './usage.ts';

interface EventRow {
  seq: number;
  type: EventType;
  blockId: string | null;
  body: string;
}

/** The hot path: prepared statements, one transaction per append. */
export function sqliteEvents({ raw, keys, freshDeltas, sweeper, query }: Connection): EventStore {
  const insert = raw.prepare<[number, number, string, string | null, string]>(
    'INSERT INTO events (session_key, seq, type, block_id, body) VALUES (?, ?, ?, ?, ?)',
  );
  const stored = raw.prepare<[number, number], { body: string }>(
    'SELECT body FROM events WHERE session_key = ? AND seq = ?',
  );
  const compact = raw.prepare<[number, string, number, number]>(
    `DELETE FROM events WHERE session_key = ? AND block_id = ? AND seq BETWEEN ? AND ? AND type = 'block.delta'`,
  );
  const advance = raw.prepare<[number, number]>('UPDATE sessions SET last_seq = ? WHERE key = ?');
  const after = raw.prepare<[number, number, number], EventRow>(
    'SELECT seq, type, block_id AS blockId, body FROM events WHERE session_key = ? AND seq > ? ORDER BY seq LIMIT ?',
  );
  const deltas = raw.prepare<[number, string, number], EventRow>(
    `SELECT seq, type, block_id AS blockId, body FROM events
     WHERE session_key = ? AND block_id = ? AND seq >= ? AND type = 'block.delta' ORDER BY seq`,
  );
  const backwards = raw.prepare<[number, number], { seq: number; type: EventType; blockId: string | null }>(
    'SELECT seq, type, block_id AS blockId FROM events WHERE session_key = ? AND seq <= ? ORDER BY seq DESC',
  );
  const writeRecord = recordWriter(raw);
  const writeMessage = messageWriter(raw);
  const writeUsage = usageWriter(raw);

  function write(batch: SessionBatch): void {
    const { sessionId, entries, record } = batch;
    const found = keys.find(sessionId);
    const last = entries.at(-1)?.seq ?? found?.lastSeq ?? 0;
    if (found !== undefined && isRepeat(batch, found)) return;
    const key = record === undefined ? found?.key : writeRecord(record, last);
    if (key === undefined) throw new HearthError('not_found', `There is no session ${sessionId}.`);
    for (const { seq, type, blockId = null, body } of entries) {
      if (type === 'block.delta' && blockId !== null) freshDeltas.add(key, seq, blockId, body);
      else insert.run(key, seq, type, blockId, body);
    }
    for (const { blockId, fromSeq, toSeq } of batch.compact) {
      const from = fromSeq === 1 ? startOf(key, blockId, toSeq) : fromSeq;
      freshDeltas.compact(key, blockId, from, toSeq);
      compact.run(key, blockId, from, toSeq);
    }
    // Fresh deltas move it by themselves.
    if (record === undefined && entries.some(({ type }) => type !== 'block.delta')) advance.run(last, key);
    for (const message of batch.messages) writeMessage(key, message);
    for (const turn of batch.usage) writeUsage(turn);
    keys.keep(sessionId, key, last);
  }

  /** Number of the block's start, to be found from its end on: a log may be long, and what a block's deltas stand among is not. */
  function startOf(key: number, blockId: string, before: number): number {
    for (const row of backwards.iterate(key, before)) {
      if (row.type === 'block.started' && row.blockId === blockId) return row.seq;
    }
    return 1;
  }

  /**
   * A commit is all or nothing, so a batch that ends at or below the last number is there already. Its rows may be
   * compacted away since, but a row with another body means that two writers gave out the same number.
   */
  function isRepeat({ sessionId, entries }: SessionBatch, { key, lastSeq }: SessionPlace): boolean {
    const first = entries[0];
    if (first === undefined || first.seq > lastSeq) return false;
    for (const entry of entries) {
      const body = stored.get(key, entry.seq)?.body ?? freshDeltas.body(key, entry.seq);
      if (entry.seq <= lastSeq && (body === undefined || body === entry.body)) continue;
      throw new HearthError('internal', `Event ${entry.seq} of session ${sessionId} was numbered twice.`, {
        hint: 'Two servers may be writing to one database. End one of them and restart the other.',
      });
    }
    return true;
  }

  const writeAll = raw.transaction((batches: SessionBatch[]) => {
    for (const batch of batches) write(batch);
  });

  return {
    append: (batches) =>
      query(() => {
        try {
          freshDeltas.transaction(() => writeAll.immediate(batches));
          sweeper.wake();
        } catch (error) {
          for (const { sessionId } of batches) keys.forget(sessionId);
          throw error;
        }
      }),
    read: (sessionId, seq, limit, maxBytes) =>
      query(() => {
        const found = keys.find(sessionId);
        if (found === undefined) return [];
        const entries: LogEntry[] = [];
        let bytes = 0;
        for (const entry of inOrder(after.iterate(found.key, seq, limit), freshDeltas.after(found.key, seq))) {
          entries.push(entry);
          bytes += Buffer.byteLength(entry.body);
          if (bytes >= maxBytes || entries.length >= limit) break;
        }
        return entries;
      }),
    blockDeltas: (sessionId, blockId) =>
      query(() => {
        const found = keys.find(sessionId);
        if (found === undefined) return [];
        const { key, lastSeq } = found;
        const start = startOf(key, blockId, lastSeq);
        const fresh = [...freshDeltas.after(key, start - 1)].filter((entry) => entry.blockId === blockId);
        return [...deltas.all(key, blockId, start).map(toEntry), ...fresh];
      }),
  };
}

function toEntry({ seq, type, blockId, body }: EventRow): LogEntry {
  return blockId === null ? { seq, type, body } : { seq, type, blockId, body };
}

/** Rows of `events` and fresh deltas, both in order, as one. */
function* inOrder(rows: Iterable<EventRow>, fresh: Iterator<LogEntry>): Generator<LogEntry> {
  let delta = fresh.next();
  for (const row of rows) {
    for (; delta.done !== true && delta.value.seq < row.seq; delta = fresh.next()) yield delta.value;
    yield toEntry(row);
  }
  for (; delta.done !== true; delta = fresh.next()) yield delta.value;
}
