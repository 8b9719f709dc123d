import { HearthError } from '@hearth/protocol';
import type { EventType } from '@hearth/protocol';
import type { EventStore, LogEntry, SessionBatch } from '../store.ts';
import { appendStatement } from './append-statement.ts';
import type { Problem } from './append-statement.ts';
import type { Connection } from './connection.ts';
import { Fenced } from './fence.ts';
import type { Statement } from './pool.ts';

interface EventRow {
  seq: number;
  type: EventType;
  block_id: string | null;
  body: string;
}

const READ = `
select seq, type, block_id, body from (
  select page.*, sum(octet_length(body)) over (order by seq rows between unbounded preceding and 1 preceding) as before
  from (
    select seq, type, block_id, body from events
    where session_key = (select key from sessions where id = $1) and seq > $2 order by seq limit $3
  ) page
) measured
where coalesce(before, 0) < $4 order by seq`;

const BLOCK_DELTAS = `
select seq, type, block_id, body from events
where session_key = (select key from sessions where id = $1) and block_id = $2 and type = 'block.delta' order by seq`;

/** The hot path: one statement and one round trip per commit. */
export function postgresEvents({ commit, commits, landmark, query, queries }: Connection): EventStore {
  const read = (statement: Statement) => query(async () => (await queries.run<EventRow>(statement)).map(toEntry));
  return {
    append: async (batches: SessionBatch[]) => {
      if (batches.length === 0) return;
      const problems = await commit(async (epoch) => {
        const found = await commits.run<Problem>(appendStatement(epoch, batches));
        if (found.some(({ problem }) => problem === 'fenced')) throw new Fenced(epoch);
        return found;
      });
      const [first] = problems;
      if (first !== undefined) throw toError(first);
      landmark.confirmed(batches);
    },
    read: (sessionId, after, limit, maxBytes) =>
      read({ name: 'read', text: READ, values: [sessionId, after, limit, maxBytes] }),
    blockDeltas: (sessionId, blockId) =>
      read({ name: 'block deltas', text: BLOCK_DELTAS, values: [sessionId, blockId] }),
  };
}

function toError({ problem, session, seq }: Problem): HearthError {
  if (problem === 'not_found') return new HearthError('not_found', `There is no session ${session}.`);
  return new HearthError('internal', `Event ${seq} of session ${session} was numbered twice.`, {
    hint: 'Two servers may be writing to one database. End one of them and restart the other.',
  });
}

function toEntry({ seq, type, block_id: blockId, body }: EventRow): LogEntry {
  return blockId === null ? { seq, type, body } : { seq, type, blockId, body };
}
