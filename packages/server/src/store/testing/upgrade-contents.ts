import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { LogEntry, SessionRecord, Store, StoredMessage, StoredToken, TranscriptKey } from '../store.ts';

/** What the programs of former releases said of the databases that they made, one file for each schema. */
export const FIXTURES = fileURLToPath(new URL('../sqlite/fixtures', import.meta.url));

/** What the program of that time said of the database. */
export interface Contents {
  sessions: { record: SessionRecord; events: LogEntry[]; messages: StoredMessage[]; queued: string[] }[];
  unsettled: string[];
  transcripts: { key: TranscriptKey; entries: unknown[] }[];
  tokens: StoredToken[];
  usage: object;
}

/** What the program of that time said of the database with this schema. */
export function contentsThen(name: string): Contents {
  return JSON.parse(readFileSync(`${FIXTURES}/${name}.json`, 'utf8')) as Contents;
}

/** The same of the database as it is now. */
export async function contentsOf(store: Store, { sessions, transcripts }: Contents): Promise<Contents> {
  const now: Contents = {
    sessions: [],
    unsettled: await store.sessions.unsettled(),
    transcripts: [],
    tokens: [...(await store.tokens.list('api')), ...(await store.tokens.list('browser'))],
    usage: await store.usage.report('session', undefined, undefined),
  };
  for (const { record } of sessions) {
    const { id } = record.session;
    const found = await store.sessions.load(id);
    if (found === null) continue;
    now.sessions.push({
      record: found,
      events: await store.events.read(id, 0, 1_000_000, Number.MAX_SAFE_INTEGER),
      messages: (await store.messages.list(id, undefined, 1_000)).items,
      queued: (await store.messages.queued(id)).map((message) => message.id),
    });
  }
  for (const { key } of transcripts) {
    now.transcripts.push({ key, entries: (await store.transcripts.load(key)) ?? [] });
  }
  return now;
}
