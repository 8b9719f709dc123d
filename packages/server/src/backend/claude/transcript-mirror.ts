import type { SessionKey, SessionStore } from '@anthropic-ai/claude-agent-sdk';
import { loadSdk } from './sdk.ts';
import type { TranscriptKey, TranscriptStore } from '../../store/store.ts';

/**
 * The SDK's `SessionStore` over our own: the binary's transcript is stored with us while it is written. Entries are
 * idempotent on their uuid, and the SDK's summary of a conversation is kept in the same transaction.
 */
export function createTranscriptMirror(transcripts: TranscriptStore): Required<SessionStore> {
  return {
    async append(key, entries) {
      const place = transcriptKey(key);
      if (place.subpath !== '') {
        await transcripts.append(place, entries);
        return;
      }
      const { foldSessionSummary } = await loadSdk();
      await transcripts.appendWithSummary(place, entries, (previous, added) => {
        const before = previous === undefined ? undefined : { sessionId: key.sessionId, ...previous };
        return foldSessionSummary(before, key, added).data;
      });
    },
    load: (key) => transcripts.load(transcriptKey(key)),
    async listSessions(projectKey) {
      const sessions = await transcripts.listSessions(projectKey);
      return sessions.map(({ agentSessionId, mtime }) => ({ sessionId: agentSessionId, mtime }));
    },
    async listSessionSummaries(projectKey) {
      const summaries = await transcripts.loadSummaries(projectKey);
      return summaries.map(({ agentSessionId, mtime, data }) => ({ sessionId: agentSessionId, mtime, data }));
    },
    delete: (key) => transcripts.delete(transcriptKey(key)),
    listSubkeys: (key) => transcripts.listSubpaths(key.projectKey, key.sessionId),
  };
}

function transcriptKey(key: SessionKey): TranscriptKey {
  return { projectKey: key.projectKey, agentSessionId: key.sessionId, subpath: key.subpath ?? '' };
}
