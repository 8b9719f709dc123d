import type { TranscriptEntry, TranscriptStore } from '../store.ts';
import type { SqlDatabase } from './database.ts';

type Summary = Record<string, unknown>;

export function sqlTranscripts({ db, query }: SqlDatabase): Omit<TranscriptStore, 'append' | 'appendWithSummary'> {
  return {
    load: ({ projectKey, agentSessionId, subpath }) =>
      query(async () => {
        const rows = await db
          .selectFrom('transcripts')
          .innerJoin('transcript_entries', 'transcript_entries.transcript_key', 'transcripts.key')
          .select('body')
          .where('project_key', '=', projectKey)
          .where('agent_session_id', '=', agentSessionId)
          .where('subpath', '=', subpath)
          .orderBy('number')
          .execute();
        return rows.length === 0 ? null : rows.map((row) => JSON.parse(row.body) as TranscriptEntry);
      }),
    listSessions: (projectKey) =>
      query(async () => {
        const rows = await db
          .selectFrom('transcripts')
          .select(['agent_session_id', 'mtime'])
          .where('project_key', '=', projectKey)
          .where('subpath', '=', '')
          .execute();
        return rows.map((row) => ({ agentSessionId: row.agent_session_id, mtime: row.mtime }));
      }),
    listSubpaths: (projectKey, agentSessionId) =>
      query(async () => {
        const rows = await db
          .selectFrom('transcripts')
          .select('subpath')
          .where('project_key', '=', projectKey)
          .where('agent_session_id', '=', agentSessionId)
          .where('subpath', '<>', '')
          .orderBy('subpath')
          .execute();
        return rows.map((row) => row.subpath);
      }),
    loadSummaries: (projectKey) =>
      query(async () => {
        const rows = await db
          .selectFrom('transcripts')
          .select(['agent_session_id', 'mtime', 'summary'])
          .where('project_key', '=', projectKey)
          .where('subpath', '=', '')
          .where('summary', 'is not', null)
          .$narrowType<{ summary: string }>()
          .execute();
        return rows.map((row) => ({
          agentSessionId: row.agent_session_id,
          mtime: row.mtime,
          data: JSON.parse(row.summary) as Summary,
        }));
      }),
    delete: ({ projectKey, agentSessionId, subpath }) =>
      query(async () => {
        let removal = db
          .deleteFrom('transcripts')
          .where('project_key', '=', projectKey)
          .where('agent_session_id', '=', agentSessionId);
        if (subpath !== '') removal = removal.where('subpath', '=', subpath);
        await removal.execute();
      }),
  };
}
