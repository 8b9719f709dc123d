import type { Statement } from './pool.ts';
import { sessionRow } from '../sql/sessions.ts';
import { usageRows } from '../sql/usage.ts';
import type { LogEntry, SessionBatch } from '../store.ts';

/** Why nothing was written; no row: all was. */
export interface Problem {
  problem: 'fenced' | 'not_found' | 'twice';
  session: string | null;
  seq: number | null;
}

/**
 * One commit of the log as one statement, and so as one round trip and one transaction. Every part sees the database as it was
 * before the statement:
 * - `todo` are the batches that are not there yet, and none of them when anything is wrong with one;
 * - the parts that write take their rows from it, so that they write all or nothing;
 * - what comes back is what was wrong.
 * What belongs to a session finds its key by its place in an array (0: it is not written), because a join of what the statement
 * was given would be a loop in a loop: 1,000 sessions took over a second.
 * The deltas that go are found by one look at their index per range: joined plainly, the planner may walk over all deltas that
 * there are.
 */
const TEXT = `
with fence as materialized (select 1 from writer where epoch = $1 for share),
batch as materialized (
  select * from unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::int[], $7::bigint[], $8::text[],
    $9::text[], $10::text[], $11::text[]) with ordinality
    as b (id, first_seq, last_seq, standing, archived, updated_ms, search, resource, core, settings, n)
),
entry as materialized (
  select * from unnest($12::int[], $13::bigint[], $14::text[], $15::text[], $16::text[]) as e (n, seq, type, block_id, body)
),
found as materialized (
  select b.*, s.key, s.last_seq as stored_seq, coalesce(b.first_seq <= s.last_seq, false) as is_repeat
  from batch b left join sessions s on s.id = b.id
),
problem as materialized (
  select 'fenced' as problem, null::text as session, null::bigint as seq where not exists (select from fence)
  union all
  select 'not_found', id, null from found where key is null and resource is null
  union all
  select 'twice', f.id, e.seq
  from (select * from found where is_repeat offset 0) f
    cross join lateral (select * from entry where n = f.n offset 0) e
    left join events x on x.session_key = f.key and x.seq = e.seq
  where (e.seq > f.stored_seq or x.body <> e.body)
),
todo as materialized (select * from found where not is_repeat and not exists (select from problem)),
made as (
  insert into sessions (id, last_seq, standing, archived, updated_ms, search)
  select id, coalesce(last_seq, 0), standing, archived, updated_ms, search from todo where key is null order by n
  returning id, key
),
changed as (
  update sessions s set last_seq = coalesce(t.last_seq, s.last_seq), standing = coalesce(t.standing, s.standing),
    archived = coalesce(t.archived, s.archived), updated_ms = coalesce(t.updated_ms, s.updated_ms),
    search = coalesce(t.search, s.search)
  from todo t where s.key = t.key and (t.resource is not null or t.last_seq is not null)
),
target as materialized (
  select f.n, f.resource, f.core, f.settings,
    case when f.is_repeat or exists (select from problem) then 0 else coalesce(f.key, m.key) end as key
  from found f left join made m on m.id = f.id
),
place as materialized (select array_agg(key order by n) as keys from target),
recorded as (
  insert into session_records (session_key, resource, core, settings)
  select key, resource, core, settings from target where key > 0 and resource is not null
  on conflict (session_key) do update
    set resource = excluded.resource, core = excluded.core, settings = excluded.settings
),
stored as (
  insert into events (session_key, seq, type, block_id, body)
  select p.keys[e.n], e.seq, e.type, e.block_id, e.body from entry e cross join place p where p.keys[e.n] > 0
),
compacted as (
  delete from events where ctid = any (array(
    select x.place
    from unnest($17::int[], $18::text[], $19::bigint[], $20::bigint[]) as c (n, block_id, from_seq, to_seq)
      cross join place p
      cross join lateral (
        select e.ctid as place from events e
        where e.session_key = p.keys[c.n] and e.block_id = c.block_id and e.seq between c.from_seq and c.to_seq
          and e.type = 'block.delta'
        offset 0
      ) x
  ))
),
told as (
  insert into messages (session_key, id, client_message_id, state, place, body)
  select p.keys[m.n], m.id, m.client_message_id, m.state, m.place, m.body
  from unnest($21::int[], $22::text[], $23::text[], $24::text[], $25::int[], $26::text[]) with ordinality
    as m (n, id, client_message_id, state, place, body, place_in_commit) cross join place p
  where p.keys[m.n] > 0
  order by m.place_in_commit
  on conflict (session_key, id) do update set client_message_id = excluded.client_message_id, state = excluded.state,
    place = excluded.place, body = excluded.body
),
used as (
  select u.turn_id, u.session_id, u.agent, u.model, u.account_id, u.user_name, u.time_ms, u.day, u.input_tokens,
    u.output_tokens, u.cache_read_tokens, u.cache_creation_tokens, u.cost_nano_usd
  from unnest($27::int[], $28::text[], $29::text[], $30::text[], $31::text[], $32::text[], $33::text[], $34::bigint[],
    $35::text[], $36::bigint[], $37::bigint[], $38::bigint[], $39::bigint[], $40::bigint[])
    as u (n, turn_id, session_id, agent, model, account_id, user_name, time_ms, day, input_tokens, output_tokens,
      cache_read_tokens, cache_creation_tokens, cost_nano_usd)
    cross join place p
  where p.keys[u.n] > 0
),
unused as (
  delete from turn_usage t where t.turn_id in (select turn_id from used)
    and not exists (select from used u where (u.turn_id, u.model, u.account_id) = (t.turn_id, t.model, t.account_id))
),
spent as (
  insert into turn_usage (turn_id, session_id, agent, model, account_id, user_name, time_ms, day, input_tokens,
    output_tokens, cache_read_tokens, cache_creation_tokens, cost_nano_usd)
  select * from used
  on conflict (turn_id, model, account_id) do update set session_id = excluded.session_id, agent = excluded.agent,
    user_name = excluded.user_name, time_ms = excluded.time_ms, day = excluded.day,
    input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
    cache_read_tokens = excluded.cache_read_tokens, cache_creation_tokens = excluded.cache_creation_tokens,
    cost_nano_usd = excluded.cost_nano_usd
)
select problem, session, seq from problem`;

/** @param batches one per session */
export function appendStatement(epoch: number, batches: readonly SessionBatch[]): Statement {
  const numbered = batches.map((batch, index) => ({ ...batch, n: index + 1, row: recordOf(batch) }));
  const entries = numbered.flatMap((batch) => kept(batch).map((entry) => ({ n: batch.n, ...entry })));
  const ranges = numbered.flatMap(({ n, compact }) => compact.map((range) => ({ n, ...range })));
  const messages = numbered.flatMap(({ n, messages: some }) =>
    last(some, (each) => each.id).map((each) => ({ n, each })),
  );
  const turns = last(
    numbered.flatMap(({ n, usage }) => usage.map((turn) => ({ n, turn }))),
    ({ turn }) => turn.turnId,
  );
  const usage = turns.flatMap(({ n, turn }) => usageRows(turn).map((row) => ({ n, ...row })));
  const of = <Item>(items: readonly Item[], ...columns: ((item: Item) => unknown)[]) =>
    columns.map((column) => items.map(column));
  return {
    name: 'append',
    text: TEXT,
    values: [
      epoch,
      ...of(
        numbered,
        (batch) => batch.sessionId,
        (batch) => batch.entries[0]?.seq ?? null,
        (batch) => batch.entries.at(-1)?.seq ?? null,
        (batch) => batch.row?.standing ?? null,
        (batch) => batch.row?.archived ?? null,
        (batch) => batch.row?.updated_ms ?? null,
        (batch) => batch.row?.search ?? null,
        (batch) => batch.row?.resource ?? null,
        (batch) => batch.row?.core ?? null,
        (batch) => batch.row?.settings ?? null,
      ),
      ...of(
        entries,
        (entry) => entry.n,
        (entry) => entry.seq,
        (entry) => entry.type,
        (entry) => entry.blockId ?? null,
        (entry) => entry.body,
      ),
      ...of(
        ranges,
        (range) => range.n,
        (range) => range.blockId,
        (range) => range.fromSeq,
        (range) => range.toSeq,
      ),
      ...of(
        messages,
        ({ n }) => n,
        ({ each }) => each.id,
        ({ each }) => each.clientMessageId ?? null,
        ({ each }) => each.state,
        ({ each }) => each.place,
        ({ each }) => JSON.stringify(each),
      ),
      ...of(
        usage,
        (row) => row.n,
        (row) => row.turn_id,
        (row) => row.session_id,
        (row) => row.agent,
        (row) => row.model,
        (row) => row.account_id,
        (row) => row.user_name,
        (row) => row.time_ms,
        (row) => row.day,
        (row) => row.input_tokens,
        (row) => row.output_tokens,
        (row) => row.cache_read_tokens,
        (row) => row.cache_creation_tokens,
        (row) => row.cost_nano_usd,
      ),
    ],
  };
}

function recordOf({ record }: SessionBatch) {
  if (record === undefined) return undefined;
  const { core, settings } = record;
  return { ...sessionRow(record, 0), resource: JSON.stringify(record.session), core, settings };
}

/** Without the deltas that the same commit compacts: its parts do not see each other's rows. */
function kept({ entries, compact }: SessionBatch): LogEntry[] {
  if (compact.length === 0) return entries;
  return entries.filter(
    ({ type, blockId, seq }) =>
      type !== 'block.delta' ||
      !compact.some((range) => range.blockId === blockId && range.fromSeq <= seq && seq <= range.toSeq),
  );
}

/** The last of those with the same key, in the place of the first: a statement writes no row twice. */
function last<Item>(items: readonly Item[], key: (item: Item) => string): Item[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}
