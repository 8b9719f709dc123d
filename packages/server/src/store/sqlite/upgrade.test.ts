import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Event } from '@hearth/protocol';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Auth } from '../../auth/auth.ts';
import { createHearth } from '../../main.ts';
import type { Hearth } from '../../main.ts';
import { silentLog } from '../../telemetry/log.ts';
import type { LogEntry, TranscriptKey } from '../store.ts';
import { contentsOf, contentsThen, FIXTURES } from '../testing/upgrade-contents.ts';
import type { Contents } from '../testing/upgrade-contents.ts';
import { backupDatabase } from './backup.ts';
import { openSqliteStore } from './open.ts';
import { restoreDatabase } from './restore.ts';

/** One for each schema that was released, made by the program of that time; see scripts/make-database-fixture.mjs. */
const NAMES = readdirSync(FIXTURES)
  .filter((file) => file.endsWith('.sql'))
  .map((file) => basename(file, '.sql'));

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hearth-upgrade-'));
  file = join(directory, 'hearth.db');
});

afterEach(() => rmSync(directory, { recursive: true }));

function load(name: string, into: string): Contents {
  const raw = new SqliteDatabase(into);
  raw.exec(readFileSync(join(FIXTURES, `${name}.sql`), 'utf8'));
  raw.close();
  return contentsThen(name);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited too long for: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('[UPG1] the schema of the first release is among those that are tried', () => {
  expect(NAMES).toContain('001-initial');
});

describe.each(NAMES)('a database with the schema %s', (name) => {
  test('[UPG1] opens with everything in it, and again', async () => {
    const then = load(name, file);
    expect(then.sessions.length).toBeGreaterThan(4);

    for (const _ of ['first', 'second']) {
      const store = await openSqliteStore({ path: file });
      expect(await contentsOf(store, then)).toMatchObject(then);
      await store.close();
    }
  });

  test('[UPG1] takes new sessions beside the old ones', async () => {
    const then = load(name, file);
    const store = await openSqliteStore({ path: file });
    const { record } = then.sessions[0] as Contents['sessions'][number];
    const body = JSON.stringify({ type: 'notice' });
    const entries: LogEntry[] = [{ seq: 1, type: 'notice', body }];

    const session = { ...record.session, id: 'new' };
    await store.events.append([
      { sessionId: 'new', entries, compact: [], record: { ...record, session }, messages: [], usage: [] },
    ]);

    expect(await store.events.read('new', 0, 10, 1_000)).toEqual(entries);
    expect(await contentsOf(store, then)).toMatchObject(then);
    await store.close();
  });

  test('[UPG1][BAK5] is served: cut turns are ended, the queue goes on in its order', async () => {
    load(name, file);

    await withHearth(async (hearth) => {
      const { items } = await hearth.sessions.list({ status: 'all', limit: 100 });
      const idOf = (title: string): string => items.find((session) => session.title === title)?.id ?? '';
      const log = async (title: string): Promise<Event[]> =>
        (await hearth.sessions.events(idOf(title), 0, 1_000)).items;
      const cut = idOf('cut in mid-answer');
      await until(async () => {
        const messages = await hearth.sessions.messages(cut, {});
        return messages.items.every(({ state }) => state === 'completed');
      });

      const texts = (await log('cut in mid-answer')).filter((event) => event.type === 'block.completed');
      expect(texts.map(({ text, reason }) => [text, reason])).toEqual([
        [expect.stringMatching(/^w0 w1 w2 w3 w4 w5 /), 'interrupted'],
        ['the first', undefined],
        ['the last', undefined],
      ]);
      const asked = (await log('an approval waits')).map((event) => event.type);
      expect(asked).toContain('approval.resolved');
      expect(asked).toContain('turn.interrupted');
      expect((await hearth.sessions.get(idOf('a conversation'))).metadata).toEqual({ project: 'fixture' });
      expect((await hearth.sessions.get(idOf('a failed turn'))).archived).toBe(true);
    });
  });

  test('[BAK5] is brought up to date by the start that follows its restore', async () => {
    const backup = join(directory, 'old-backup.db');
    const then = load(name, backup);

    await restoreDatabase({ backup, file, now: new Date(), newId: () => 'renewed', version: '9.9.9' });

    const store = await openSqliteStore({ path: file });
    for (const { record, events } of then.sessions) {
      const { id, lastSeq } = record.session;
      const stored = await store.events.read(id, 0, 1_000_000, Number.MAX_SAFE_INTEGER);
      expect(stored.slice(0, events.length)).toEqual(events);
      expect((await store.sessions.load(id))?.session.lastSeq).toBeGreaterThan(lastSeq + 1_000_000);
    }
    const [conversation] = then.transcripts;
    const key = { ...(conversation?.key as TranscriptKey), agentSessionId: 'renewed' };
    expect(await store.transcripts.load(key)).toHaveLength(conversation?.entries.length ?? 0);
    await store.close();
  });

  test('[BAK1] can be backed up by a newer program before it was opened with it', async () => {
    const then = load(name, file);
    const destination = join(directory, 'backup.db');

    await backupDatabase({ file, destination, force: false, now: new Date(), version: '9.9.9' });

    const store = await openSqliteStore({ path: destination });
    expect(await contentsOf(store, then)).toMatchObject(then);
    await store.close();
  });

  async function withHearth(work: (hearth: Hearth) => Promise<void>): Promise<void> {
    const workspace = join(directory, 'workspace');
    mkdirSync(workspace, { recursive: true });
    const hearth = await createHearth({ dataDir: directory, workspace: [workspace], agent: 'scripted' });
    try {
      await work(hearth);
    } finally {
      await hearth.close(0);
    }
  }

  test('[UPG1] an API token of that time still lets its holder in', async () => {
    load(name, file);
    const store = await openSqliteStore({ path: file });
    const auth = new Auth({ ownerToken: 'owner', tokens: store.tokens, log: silentLog() });

    expect(await auth.bearer('hearth_a-token-of-the-fixture')).not.toBeNull();
    expect(await auth.bearer('hearth_another')).toBeNull();
    await store.close();
  });
});
