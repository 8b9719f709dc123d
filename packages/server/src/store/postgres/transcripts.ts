import { sqlTranscripts } from '../sql/transcripts.ts';
import type { TranscriptEntry, TranscriptKey, TranscriptStore } from '../store.ts';
import type { Connection } from './connection.ts';
import type { Queryable } from './pool.ts';

type Summary = Record<string, unknown>;
type Fold = Parameters<TranscriptStore['appendWithSummary']>[2];

/** Appends to one conversation wait for each other on its row. */
const TOUCH = `
insert into transcripts (project_key, agent_session_id, subpath, mtime) values ($1, $2, $3, $4)
on conflict (project_key, agent_session_id, subpath)
  do update set mtime = greatest(transcripts.mtime, excluded.mtime)
returning key, mtime, summary`;

const INSERT = `
insert into transcript_entries (transcript_key, number, uuid, body)
select $1, (select coalesce(max(number), 0) from transcript_entries where transcript_key = $1) + n, uuid, body
from unnest($2::text[], $3::text[]) with ordinality as e (uuid, body, n) order by n
on conflict (transcript_key, uuid) where uuid is not null do nothing
returning number, body`;

/** What an append added first, by which it is known again. */
interface Added {
  key: number;
  number: number;
  body: string;
}

export function postgresTranscripts(connection: Connection): TranscriptStore {
  const lines = new Map<string, Promise<void>>();
  const stored = sqlTranscripts(connection);

  const lineOf = (projectKey: string, agentSessionId: string) => JSON.stringify([projectKey, agentSessionId]);

  /**
   * What changes one conversation is done in the order in which it came, also when something has to be repeated, and who reads it
   * has what was asked for before.
   */
  const inLine = (key: TranscriptKey, change: () => Promise<void>): Promise<void> => {
    const line = lineOf(key.projectKey, key.agentSessionId);
    const mine = after(lines.get(line), change).finally(() => {
      if (lines.get(line) === mine) lines.delete(line);
    });
    lines.set(line, mine);
    return mine;
  };

  const append = (key: TranscriptKey, entries: TranscriptEntry[], fold: Fold | undefined): Promise<void> =>
    inLine(key, () => appendNow(key, entries, fold));

  const appendNow = async (key: TranscriptKey, entries: TranscriptEntry[], fold: Fold | undefined): Promise<void> => {
    const fresh = withoutRepeats(entries);
    if (fresh.length === 0) return;
    await connection.transaction<Added | null>({
      run: (inside) => appendIn(inside, key, fresh, fold),
      wasDone: async (after, added) => {
        if (added === null) return true;
        const [row] = await after.run<{ body: string }>({
          text: 'select body from transcript_entries where transcript_key = $1 and number = $2',
          values: [added.key, added.number],
        });
        return row?.body === added.body;
      },
    });
  };
  return {
    ...stored,
    append: (key, entries) => append(key, entries, undefined),
    appendWithSummary: append,
    delete: (key) => inLine(key, () => stored.delete(key)),
    load: (key) => after(lines.get(lineOf(key.projectKey, key.agentSessionId)), () => stored.load(key)),
    listSubpaths: (projectKey, agentSessionId) =>
      after(lines.get(lineOf(projectKey, agentSessionId)), () => stored.listSubpaths(projectKey, agentSessionId)),
  };
}

async function after<Result>(former: Promise<unknown> | undefined, next: () => Promise<Result>): Promise<Result> {
  // What became of the former is told to whoever waits for it.
  await former?.catch(() => {});
  return next();
}

async function appendIn(
  inside: Queryable,
  { projectKey, agentSessionId, subpath }: TranscriptKey,
  entries: readonly TranscriptEntry[],
  fold: Fold | undefined,
): Promise<Added | null> {
  const [transcript] = await inside.run<{ key: number; mtime: number; summary: string | null }>({
    text: TOUCH,
    values: [projectKey, agentSessionId, subpath, Date.now()],
  });
  if (transcript === undefined) throw new Error('PostgreSQL gave no key for a transcript');
  const rows = await inside.run<{ number: number; body: string }>({
    text: INSERT,
    values: [transcript.key, entries.map((entry) => entry.uuid ?? null), entries.map((entry) => JSON.stringify(entry))],
  });
  const [first] = rows;
  if (first === undefined) return null;
  if (fold !== undefined) {
    const previous =
      transcript.summary === null
        ? undefined
        : { mtime: transcript.mtime, data: JSON.parse(transcript.summary) as Summary };
    const added = rows.map((row) => JSON.parse(row.body) as TranscriptEntry);
    await inside.run({
      text: 'update transcripts set summary = $2 where key = $1',
      values: [transcript.key, JSON.stringify(fold(previous, added))],
    });
  }
  return { key: transcript.key, number: first.number, body: first.body };
}

/** Of entries with the same uuid the first. */
function withoutRepeats(entries: readonly TranscriptEntry[]): TranscriptEntry[] {
  const seen = new Set<string>();
  return entries.filter(({ uuid }) => {
    if (uuid === undefined) return true;
    const isNew = !seen.has(uuid);
    seen.add(uuid);
    return isNew;
  });
}
