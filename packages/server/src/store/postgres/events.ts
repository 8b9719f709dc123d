import type { EventType } from '@hearth/protocol';
import type { EventStore, LogEntry, SessionBatch } from '../store.ts';
import { appendStatement, startOfBlock } from './append-statement.ts';
import type { Connection } from './connection.ts';
import { examineStatement, toError } from './examine.ts';
import type { Finding } from './examine.ts';
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
select e.seq, e.type, e.block_id, e.body
from sessions s
  cross join lateral (select ${startOfBlock('s.key', '$2', 's.last_seq')} as seq offset 0) b
  cross join lateral (
    select * from events where session_key = s.key and seq >= b.seq and block_id = $2 and type = 'block.delta' offset 0
  ) e
where s.id = $1 order by e.seq`;

/** The hot path: one statement and one round trip per commit. */
export function postgresEvents({ commit, commits, landmark, query, queries }: Connection): EventStore {
  const read = (statement: Statement) => query(async () => (await queries.run<EventRow>(statement)).map(toEntry));

  async function write(epoch: number, batches: readonly SessionBatch[]): Promise<Finding[]> {
    const written = await commits.run(appendStatement(epoch, batches));
    if (written.length > 0) return [];
    const findings = await commits.run<Finding>(examineStatement(epoch, batches));
    if (findings.some(({ finding }) => finding === 'fenced')) throw new Fenced(epoch);
    if (findings.length === 0) throw new Error('A commit was not written, and nothing is wrong with it.');
    const wrong = findings.filter(({ finding }) => finding !== 'repeat');
    if (wrong.length > 0) return wrong;
    const repeats = new Set(findings.map(({ session }) => session));
    const others = batches.filter(({ sessionId }) => !repeats.has(sessionId));
    return others.length === 0 ? [] : write(epoch, others);
  }

  return {
    append: async (batches: SessionBatch[]) => {
      if (batches.length === 0) return;
      const [wrong] = await commit((epoch) => write(epoch, batches));
      if (wrong !== undefined) throw toError(wrong);
      landmark.confirmed(batches);
    },
    read: (sessionId, after, limit, maxBytes) =>
      read({ name: 'read', text: READ, values: [sessionId, after, limit, maxBytes] }),
    blockDeltas: (sessionId, blockId) =>
      read({ name: 'block deltas', text: BLOCK_DELTAS, values: [sessionId, blockId] }),
  };
}

function toEntry({ seq, type, block_id: blockId, body }: EventRow): LogEntry {
  return blockId === null ? { seq, type, body } : { seq, type, blockId, body };
}
