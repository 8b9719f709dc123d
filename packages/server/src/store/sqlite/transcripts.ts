import { sqlTranscripts } from '../sql/transcripts.ts';
import type { TranscriptEntry, TranscriptKey, TranscriptStore } from '../store.ts';
import type { Connection } from './connection.ts';

type Summary = Record<string, unknown>;
type Fold = Parameters<TranscriptStore['appendWithSummary']>[2];

export function sqliteTranscripts(connection: Connection): TranscriptStore {
  const { raw, query } = connection;
  const touch = raw.prepare<[string, string, string, number], { key: number; mtime: number; summary: string | null }>(
    `INSERT INTO transcripts (project_key, agent_session_id, subpath, mtime) VALUES (?, ?, ?, ?)
     ON CONFLICT (project_key, agent_session_id, subpath) DO UPDATE SET mtime = max(mtime, excluded.mtime)
     RETURNING key, mtime, summary`,
  );
  const lastNumber = raw.prepare<[number], { number: number }>(
    'SELECT coalesce(max(number), 0) AS number FROM transcript_entries WHERE transcript_key = ?',
  );
  const insert = raw.prepare<[number, number, string | null, string]>(
    `INSERT INTO transcript_entries (transcript_key, number, uuid, body) VALUES (?, ?, ?, ?)
     ON CONFLICT (transcript_key, uuid) WHERE uuid IS NOT NULL DO NOTHING`,
  );
  const summarise = raw.prepare<[string, number]>('UPDATE transcripts SET summary = ? WHERE key = ?');

  const append = raw.transaction((key: TranscriptKey, entries: TranscriptEntry[], fold: Fold | undefined) => {
    if (entries.length === 0) return;
    const transcript = touch.get(key.projectKey, key.agentSessionId, key.subpath, Date.now());
    if (transcript === undefined) throw new Error('SQLite gave no key for a transcript');
    let number = lastNumber.get(transcript.key)?.number ?? 0;
    const added: TranscriptEntry[] = [];
    for (const entry of entries) {
      const { changes } = insert.run(transcript.key, number + 1, entry.uuid ?? null, JSON.stringify(entry));
      if (changes === 0) continue;
      number += 1;
      added.push(entry);
    }
    if (fold === undefined || added.length === 0) return;
    const previous =
      transcript.summary === null
        ? undefined
        : { mtime: transcript.mtime, data: JSON.parse(transcript.summary) as Summary };
    summarise.run(JSON.stringify(fold(previous, added)), transcript.key);
  });

  return {
    ...sqlTranscripts(connection),
    append: (key, entries) => query(() => append.immediate(key, entries, undefined)),
    appendWithSummary: (key, entries, fold) => query(() => append.immediate(key, entries, fold)),
  };
}
