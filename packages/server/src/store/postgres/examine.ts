import { HearthError } from '@hearth/protocol';
import type { SessionBatch } from '../store.ts';
import { FENCE } from './append-statement.ts';
import { Given } from './given.ts';
import type { Statement } from './pool.ts';

/** What a batch of a refused commit is: one that is there already, or why it cannot be. */
export interface Finding {
  finding: 'fenced' | 'repeat' | 'not_found' | 'twice';
  session: string | null;
  seq: number | null;
}

/**
 * Looks at why a commit was not written. A batch whose first number is not above the session's last one is a repeat: a commit
 * is all or nothing, so it must hold what is stored. Its rows may be compacted away since, but a row with another body
 * means that two writers gave out the same number.
 */
export function examineStatement(epoch: number, batches: readonly SessionBatch[]): Statement {
  const given = new Given(epoch);
  const rows = given.rows(
    batches,
    ['text', (batch) => batch.sessionId],
    ['bigint', (batch) => batch.entries[0]?.seq],
    ['int', (batch) => (batch.record === undefined ? 0 : 1)],
  );
  const entries = given.rows(
    batches.flatMap((batch, index) => batch.entries.map((entry) => ({ n: index + 1, ...entry }))),
    ['int', (entry) => entry.n],
    ['bigint', (entry) => entry.seq],
    ['lines', (entry) => entry.body],
  );
  const text = `
with ${FENCE},
found as materialized (
  select b.*, s.key, s.last_seq from ${rows} with ordinality as b (id, first_seq, has_record, n)
    left join sessions s on s.id = b.id
),
place as materialized (
  select array_agg(case when first_seq <= last_seq then key else 0 end order by n) as keys, array_agg(id order by n) as ids,
    array_agg(last_seq order by n) as seqs
  from found
)
select 'fenced' as finding, null::text as session, null::bigint as seq where not exists (select from fence)
union all
select 'not_found', id, null from found where key is null and has_record = 0
union all
select 'repeat', id, null from found where first_seq <= last_seq
union all
select 'twice', p.ids[e.n], e.seq
from place p cross join lateral (select * from ${entries} as e (n, seq, body) where p.keys[e.n] > 0 offset 0) e
  left join events x on x.session_key = p.keys[e.n] and x.seq = e.seq
where e.seq > p.seqs[e.n] or x.body <> e.body`;
  return { name: 'examine', text, values: given.values };
}

export function toError({ finding, session, seq }: Finding): HearthError {
  if (finding === 'not_found') return new HearthError('not_found', `There is no session ${session}.`);
  return new HearthError('internal', `Event ${seq} of session ${session} was numbered twice.`, {
    hint: 'Two servers may be writing to one database. End one of them and restart the other.',
  });
}
