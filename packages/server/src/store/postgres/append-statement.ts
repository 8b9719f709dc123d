import type { TurnUsageTable } from '../schema.ts';
import { sessionRow } from '../sql/sessions.ts';
import { usageRows } from '../sql/usage.ts';
import type { LogEntry, SessionBatch, StoredMessage } from '../store.ts';
import { Given } from './given.ts';
import type { Column } from './given.ts';
import type { Statement } from './pool.ts';

/**
 * One commit of the log as one statement, and so as one round trip and one transaction. It is written as if nothing were wrong:
 * `place` has the keys of the sessions only when the fence is the own one, every session is there or made, and none of the
 * numbers has been given before. All that is written takes its rows by it, so that all is written or nothing, and the one row that
 * comes back says which; `examine.ts` finds out why. Every part sees the database as it was before the statement.
 * What belongs to a session finds its key by its place in an array, because a join of what the statement was given would be a loop
 * in a loop: 1,000 sessions took over a second.
 * Parts of which a commit has nothing are left out: most commits have nothing but entries, and a statement of a few rows costs what
 * its parts cost. Each choice of parts has a name, under which it is prepared once.
 * @param batches one per session
 */
export function appendStatement(epoch: number, batches: readonly SessionBatch[]): Statement {
  const [only] = batches;
  if (only !== undefined && batches.length === 1 && isEventsAlone(only)) return toOne(epoch, only);
  const numbered = batches.map((batch, index) => ({ ...batch, n: index + 1, row: recordOf(batch) }));
  const ranges = numbered.flatMap(rangesOf);
  const messages = numbered.flatMap(({ n, messages: some }) =>
    last(some, (each) => each.id).map((each) => ({ n, each })),
  );
  const turns = last(
    numbered.flatMap(({ n, usage }) => usage.map((turn) => ({ n, turn }))),
    ({ turn }) => turn.turnId,
  );
  const usage = turns.flatMap(({ n, turn }) => usageRows(turn).map((row) => ({ n, ...row })));
  const given = new Given(epoch);
  const name = ['append'];
  const parts = [FENCE];
  if (numbered.every(({ row }) => row === undefined)) {
    parts.push(placed(given, numbered));
  } else {
    name.push('records');
    parts.push(recorded(given, numbered));
  }
  parts.push(stored(given, numbered));
  if (ranges.length > 0) {
    name.push('ranges');
    parts.push(compacted(given, ranges));
  }
  if (messages.length > 0) {
    name.push('messages');
    parts.push(told(given, messages));
  }
  if (usage.length > 0) {
    name.push('usage');
    parts.push(spent(given, usage));
  }
  return statement(name, parts, given);
}

function statement(name: readonly string[], parts: readonly string[], { values }: Given): Statement {
  return { name: name.join(' '), text: `with ${parts.join(',\n')}\nselect 1 from place`, values };
}

/** Takes part in whatever is written, so that who raises the number waits for what is under way. */
export const FENCE = 'fence as materialized (select 1 from writer where epoch = $1 for share)';

type Numbered = SessionBatch & { n: number; row: ReturnType<typeof recordOf> };
type Range = SessionBatch['compact'][number] & { n: number };

const BATCH: readonly Column<SessionBatch>[] = [
  ['text', (batch) => batch.sessionId],
  ['bigint', (batch) => batch.entries[0]?.seq],
  ['bigint', (batch) => batch.entries.at(-1)?.seq],
];

const ENTRY: readonly Column<LogEntry>[] = [
  ['bigint', (entry) => entry.seq],
  ['lines', (entry) => entry.type],
  ['text', (entry) => entry.blockId],
  ['lines', (entry) => entry.body],
];

function isEventsAlone({ record, entries, compact, messages, usage }: SessionBatch): boolean {
  return record === undefined && entries.length > 0 && compact.length + messages.length + usage.length === 0;
}

/** What nearly every commit of a session that streams alone is: nothing but its events, for which one update finds the place. */
function toOne(epoch: number, { sessionId, entries }: SessionBatch): Statement {
  const given = new Given(epoch, sessionId, entries[0]?.seq, entries.at(-1)?.seq);
  const rows = given.rows(entries, ...ENTRY);
  const place = `place as (
    update sessions set last_seq = $4::bigint where id = $2 and last_seq < $3::bigint and exists (select from fence)
    returning key
  )`;
  const stored = `stored as (
    insert into events (session_key, seq, type, block_id, body)
    select p.key, e.seq, e.type, e.block_id, e.body from place p cross join ${rows} as e (seq, type, block_id, body)
  )`;
  return statement(['append to one'], [FENCE, place, stored], given);
}

function placed(given: Given, batches: readonly Numbered[]): string {
  const rows = given.rows(batches, ...BATCH);
  const each = `${rows} with ordinality as b (id, first_seq, last_seq, n)`;
  return `place as materialized (
    select array_agg(s.key order by b.n) as keys from ${each} join sessions s on s.id = b.id
    where coalesce(b.first_seq > s.last_seq, true)
    having count(*) = ${given.value(batches.length)}::bigint and exists (select from fence)
  ),
  changed as (
    update sessions s set last_seq = b.last_seq from place p cross join ${each}
    where s.key = p.keys[b.n] and b.last_seq is not null
  )`;
}

function recorded(given: Given, batches: readonly Numbered[]): string {
  const rows = given.rows(
    batches,
    ...BATCH,
    ['text', ({ row }) => row?.standing],
    ['int', ({ row }) => row?.archived],
    ['bigint', ({ row }) => row?.updated_ms],
    ['text', ({ row }) => row?.search],
    ['text', ({ row }) => row?.resource],
    ['text', ({ row }) => row?.core],
    ['text', ({ row }) => row?.settings],
  );
  return `found as materialized (
    select b.*, s.key, s.last_seq as stored_seq from ${rows} with ordinality
      as b (id, first_seq, last_seq, standing, archived, updated_ms, search, resource, core, settings, n)
      left join sessions s on s.id = b.id
  ),
  ready as materialized (
    select from found
    having bool_and(coalesce(first_seq > stored_seq, true) and (key is not null or resource is not null))
      and exists (select from fence)
  ),
  made as (
    insert into sessions (id, last_seq, standing, archived, updated_ms, search)
    select id, coalesce(last_seq, 0), standing, archived, updated_ms, search
    from ready cross join found where key is null order by n
    returning id, key
  ),
  changed as (
    update sessions s set last_seq = coalesce(f.last_seq, s.last_seq), standing = coalesce(f.standing, s.standing),
      archived = coalesce(f.archived, s.archived), updated_ms = coalesce(f.updated_ms, s.updated_ms),
      search = coalesce(f.search, s.search)
    from ready cross join found f where s.key = f.key and (f.resource is not null or f.last_seq is not null)
  ),
  target as materialized (
    select f.n, f.resource, f.core, f.settings, coalesce(f.key, m.key) as key
    from ready cross join found f left join made m on m.id = f.id
  ),
  place as materialized (select array_agg(key order by n) as keys from target having count(*) > 0),
  recorded as (
    insert into session_records (session_key, resource, core, settings)
    select key, resource, core, settings from target where resource is not null
    on conflict (session_key) do update
      set resource = excluded.resource, core = excluded.core, settings = excluded.settings
  )`;
}

function stored(given: Given, batches: readonly Numbered[]): string {
  const rows = given.rows(
    batches.flatMap((batch) => kept(batch).map((entry) => ({ n: batch.n, ...entry }))),
    ['int', (entry) => entry.n],
    ...ENTRY,
  );
  return `stored as (
    insert into events (session_key, seq, type, block_id, body)
    select p.keys[e.n], e.seq, e.type, e.block_id, e.body from place p cross join ${rows} as e (n, seq, type, block_id, body)
  )`;
}

/** A block that began before the range says where is looked for from the range's end on: what its deltas stand among is not long. */
function compacted(given: Given, ranges: readonly Range[]): string {
  const rows = given.rows(
    ranges,
    ['int', (range) => range.n],
    ['text', (range) => range.blockId],
    ['bigint', (range) => range.fromSeq],
    ['bigint', (range) => range.toSeq],
  );
  return `compacted as (
    delete from events where ctid = any (array(
      select x.place
      from place p cross join ${rows} as c (n, block_id, from_seq, to_seq)
        cross join lateral (
          select case when c.from_seq > 1 then c.from_seq else ${startOfBlock('p.keys[c.n]', 'c.block_id', 'c.to_seq')} end as seq
          offset 0
        ) b
        cross join lateral (
          select e.ctid as place from events e
          where e.session_key = p.keys[c.n] and e.block_id = c.block_id and e.type = 'block.delta'
            and e.seq between b.seq and c.to_seq
          offset 0
        ) x
    ))
  )`;
}

function told(given: Given, messages: readonly { n: number; each: StoredMessage }[]): string {
  const rows = given.rows(
    messages,
    ['int', ({ n }) => n],
    ['text', ({ each }) => each.id],
    ['text', ({ each }) => each.clientMessageId],
    ['text', ({ each }) => each.state],
    ['int', ({ each }) => each.place],
    ['lines', ({ each }) => JSON.stringify(each)],
  );
  return `told as (
    insert into messages (session_key, id, client_message_id, state, place, body)
    select p.keys[m.n], m.id, m.client_message_id, m.state, m.place, m.body
    from place p cross join ${rows} with ordinality
      as m (n, id, client_message_id, state, place, body, place_in_commit)
    order by m.place_in_commit
    on conflict (session_key, id) do update set client_message_id = excluded.client_message_id, state = excluded.state,
      place = excluded.place, body = excluded.body
  )`;
}

function spent(given: Given, usage: readonly (TurnUsageTable & { n: number })[]): string {
  const rows = given.rows(
    usage,
    ['int', (row) => row.n],
    ['text', (row) => row.turn_id],
    ['text', (row) => row.session_id],
    ['text', (row) => row.agent],
    ['text', (row) => row.model],
    ['text', (row) => row.account_id],
    ['text', (row) => row.user_name],
    ['bigint', (row) => row.time_ms],
    ['text', (row) => row.day],
    ['bigint', (row) => row.input_tokens],
    ['bigint', (row) => row.output_tokens],
    ['bigint', (row) => row.cache_read_tokens],
    ['bigint', (row) => row.cache_creation_tokens],
    ['bigint', (row) => row.cost_nano_usd],
  );
  const columns = `turn_id, session_id, agent, model, account_id, user_name, time_ms, day, input_tokens,
    output_tokens, cache_read_tokens, cache_creation_tokens, cost_nano_usd`;
  return `used as (
    select ${columns} from place p cross join ${rows} as u (n, ${columns})
  ),
  unused as (
    delete from turn_usage t where t.turn_id in (select turn_id from used)
      and not exists (select from used u where (u.turn_id, u.model, u.account_id) = (t.turn_id, t.model, t.account_id))
  ),
  spent as (
    insert into turn_usage (${columns})
    select * from used
    on conflict (turn_id, model, account_id) do update set session_id = excluded.session_id, agent = excluded.agent,
      user_name = excluded.user_name, time_ms = excluded.time_ms, day = excluded.day,
      input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
      cache_read_tokens = excluded.cache_read_tokens, cache_creation_tokens = excluded.cache_creation_tokens,
      cost_nano_usd = excluded.cost_nano_usd
  )`;
}

function recordOf({ record }: SessionBatch) {
  if (record === undefined) return undefined;
  const { core, settings } = record;
  return { ...sessionRow(record, 0), resource: JSON.stringify(record.session), core, settings };
}

/** Those that reach what is stored: a block that began in this commit has nothing there. */
function rangesOf({ n, entries, compact }: Numbered): Range[] {
  const first = entries[0]?.seq ?? Infinity;
  const began = new Set(entries.flatMap(({ type, blockId }) => (type === 'block.started' ? [blockId] : [])));
  return compact
    .filter(({ blockId, fromSeq }) => fromSeq < first && !began.has(blockId))
    .map((range) => ({ n, ...range }));
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

/** Number of the start of a block that has not ended before, or 1. */
export function startOfBlock(sessionKey: string, blockId: string, before: string): string {
  return `coalesce((
    select seq from events where session_key = ${sessionKey} and seq <= ${before} and type = 'block.started' and block_id = ${blockId}
    order by seq desc limit 1
  ), 1)`;
}
