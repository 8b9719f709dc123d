import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aBatch, allSeqs, anAccount, aNotice, aRecord, failure } from '../contract/fixture.ts';
import type { Store } from '../store.ts';
import { backupDatabase } from './backup.ts';
import { openSqliteStore } from './open.ts';
import { restoreDatabase } from './restore.ts';
import type { Restored, RestoreOptions } from './restore.ts';
import { floor } from '../restored-log.ts';

const BACKUP_TIME = new Date('2026-11-21T12:00:00.000Z');
const RESTORE_TIME = new Date('2026-11-22T12:00:00.000Z');

let directory: string;
let file: string;
let backup: string;
let newIds: number;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hearth-restore-'));
  file = join(directory, 'data', 'hearth.db');
  backup = join(directory, 'backup.db');
  newIds = 0;
});

afterEach(() => rmSync(directory, { recursive: true }));

function restore(options: Partial<RestoreOptions> = {}): Promise<Restored> {
  const newId = (): string => `new-${(newIds += 1)}`;
  return restoreDatabase({ backup, file, now: RESTORE_TIME, newId, version: '1.0.0', ...options });
}

async function makeBackup(ownerToken?: string): Promise<void> {
  await backupDatabase({ file, destination: backup, force: true, now: BACKUP_TIME, version: '1.0.0', ownerToken });
}

async function withStore<Result>(work: (store: Store) => Promise<Result>): Promise<Result> {
  const store = await openSqliteStore({ path: file, version: '1.0.0' });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** A backup of session s1 with three events, after which the server went on to number ten. */
async function threeOfTen(): Promise<void> {
  await withStore(async (store) => {
    await store.events.append([aBatch('s1', { record: aRecord('s1'), entries: [1, 2, 3].map((seq) => aNotice(seq)) })]);
  });
  await makeBackup();
  await withStore(async (store) => {
    const entries = [4, 5, 6, 7, 8, 9, 10].map((seq) => aNotice(seq));
    await store.events.append([aBatch('s1', { record: aRecord('s1', { title: 'later' }), entries })]);
  });
}

function kept(): string[] {
  return readdirSync(join(directory, 'data')).filter((name) => name.startsWith('hearth-before-restore-'));
}

describe('a restore', () => {
  test('[BAK2] puts the backup in place and keeps what was there, with what only its -wal had', async () => {
    await threeOfTen();

    const restored = await restore();

    expect(restored).toMatchObject({ file, madeAt: BACKUP_TIME.toISOString(), contents: { sessions: 1, events: 3 } });
    expect(kept()).toEqual(['hearth-before-restore-2026-11-22T12-00-00-000Z.db']);
    expect(restored.kept).toBe(join(directory, 'data', kept()[0] ?? ''));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await withStore(async (store) => {
      expect((await store.sessions.load('s1'))?.session.title).toBeNull();
      expect((await allSeqs(store, 's1')).slice(0, 3)).toEqual([1, 2, 3]);
    });
    const old = new SqliteDatabase(restored.kept ?? '', { readonly: true });
    expect(old.prepare('SELECT max(seq) FROM events').pluck().get()).toBe(10);
    old.close();
  });

  test('[MOV5] of a database that was moved away goes on here', async () => {
    await threeOfTen();
    const out = { id: 'm', epoch: 1, state: 'moved', to: 'postgres://db/x', at: RESTORE_TIME.toISOString() };
    const raw = new SqliteDatabase(file);
    raw.prepare(`INSERT INTO meta (name, value) VALUES ('move_out', ?)`).run(JSON.stringify(out));
    raw.close();
    await makeBackup();
    expect((await failure(withStore(() => Promise.resolve()))).message).toMatch(/was moved to/);

    await restore();

    await withStore(async (store) => expect((await allSeqs(store, 's1')).length).toBeGreaterThan(9));
  });

  test('[BAK2] works where there was nothing', async () => {
    await threeOfTen();
    rmSync(join(directory, 'data'), { recursive: true });

    expect((await restore()).kept).toBeUndefined();

    expect(statSync(join(directory, 'data')).mode & 0o777).toBe(0o700);
    await withStore(async (store) => expect((await allSeqs(store, 's1')).slice(0, 3)).toEqual([1, 2, 3]));
  });

  test('[BAK2] is refused while a server has the directory, and names its pid', async () => {
    await threeOfTen();

    const error = await withStore(() => failure(restore()));

    expect(error.message).toContain(`pid ${process.pid}`);
    expect(error.hint).toMatch(/End that server first/);
    expect(kept()).toEqual([]);
    await withStore(async (store) => expect(await allSeqs(store, 's1')).toHaveLength(10));
  });

  test.each([
    ['is missing', () => rmSync(backup), /no file/],
    ['is no database', () => writeFileSync(backup, 'a letter to my aunt. '.repeat(500)), /not a Hearth database/],
    ['is another program’s', () => foreign(), /not a Hearth database/],
    ['is damaged', () => damage(backup), /damaged/],
  ])('[BAK2] of a backup that %s changes nothing', async (_what, spoil, message) => {
    await threeOfTen();
    spoil();
    const before = readFileSync(file);

    expect((await failure(restore())).message).toMatch(message);

    expect(readFileSync(file).equals(before)).toBe(true);
    expect(kept()).toEqual([]);
  });

  test('[BAK2] takes the place of a damaged database, and says that it could not look at it', async () => {
    await threeOfTen();
    writeFileSync(file, 'all is lost '.repeat(1_000));

    const restored = await restore();

    expect(restored.damage).toMatch(/not a database/);
    expect(readFileSync(restored.kept ?? '', 'utf8')).toContain('all is lost');
    await withStore(async (store) => expect((await allSeqs(store, 's1')).slice(0, 3)).toEqual([1, 2, 3]));
  });

  test('[BAK2] that is stopped changes nothing', async () => {
    await threeOfTen();
    const stop = new AbortController();
    stop.abort(new Error('enough'));

    await expect(restore({ signal: stop.signal })).rejects.toThrow('enough');

    expect(readdirSync(join(directory, 'data')).toSorted()).toEqual(['hearth.db', 'hearth.lock']);
    await withStore(async (store) => expect(await allSeqs(store, 's1')).toHaveLength(10));
  });

  test('[BAK3] numbers go on above all that were given, and the log tells why', async () => {
    await threeOfTen();

    await restore();

    await withStore(async (store) => {
      const entries = await store.events.read('s1', 3, 100, Number.MAX_SAFE_INTEGER);
      expect(entries.map((entry) => JSON.parse(entry.body) as object)).toMatchObject([
        {
          sessionId: 's1',
          type: 'notice',
          level: 'warning',
          code: 'restored',
          seq: entries[0]?.seq,
          time: RESTORE_TIME.toISOString(),
          text: expect.stringContaining(BACKUP_TIME.toISOString()) as unknown,
        },
      ]);
      expect(entries[0]?.seq).toBeGreaterThan(1_000_010);
      expect((await store.sessions.load('s1'))?.session.lastSeq).toBe(entries[0]?.seq);
    });
  });

  test('[BAK3] two restores of one backup, in different places, give no number twice', async () => {
    await threeOfTen();
    const elsewhere = join(directory, 'elsewhere', 'hearth.db');
    const last = async (path: string): Promise<number> => {
      const store = await openSqliteStore({ path, version: '1.0.0' });
      const record = await store.sessions.load('s1');
      await store.close();
      return record?.session.lastSeq ?? 0;
    };

    await restore();
    const first = await last(file);
    await restore({ file: elsewhere, now: new Date(RESTORE_TIME.getTime() + 1_000) });

    expect((await last(elsewhere)) - first).toBeGreaterThan(500_000);
  });

  test('[BAK3] a clock that went back changes nothing about that, and numbers stay exact', () => {
    const now = new Date('2026-01-01');
    const before = floor(3, now);
    expect(floor(before, new Date('2020-01-01'))).toBe(before + 1_000_000);
    expect(floor(10, new Date(0))).toBe(1_000_010);
    expect(Number.isSafeInteger(floor(3, new Date('2200-01-01')) + 1)).toBe(true);
  });

  test('[BAK3] nothing follows the end of a closed session', async () => {
    await withStore(async (store) => {
      const record = aRecord('s1', { phase: 'closed' });
      await store.events.append([aBatch('s1', { record, entries: [aNotice(1)] })]);
    });
    await makeBackup();

    await restore();

    await withStore(async (store) => expect(await allSeqs(store, 's1')).toEqual([1]));
  });

  test('[BAK4] conversations get new ids, so that no local file of the agent adds to them', async () => {
    const key = { projectKey: 'p', agentSessionId: 'old-id', subpath: '' };
    const record = { ...aRecord('s1', { agentSessionId: 'old-id' }), core: '{"agentSessionId":"old-id","n":1.5}' };
    await withStore(async (store) => {
      await store.events.append([aBatch('s1', { record, entries: [aNotice(1)] })]);
      await store.transcripts.appendWithSummary(
        key,
        [
          { type: 'user', uuid: 'u1', sessionId: 'old-id', text: 'see old-id.jsonl \u0000 \u2028 ü' },
          { type: 'note', uuid: 'u2', sessionId: 'another' },
        ],
        () => ({ sessionId: 'old-id', count: 2 }),
      );
      await store.transcripts.append({ ...key, subpath: 'subagents/x' }, [{ type: 'user', sessionId: 'old-id' }]);
    });
    await makeBackup();

    await restore();

    await withStore(async (store) => {
      const renewed = { ...key, agentSessionId: 'new-1' };
      const stored = await store.sessions.load('s1');
      expect(stored?.core).toBe('{"agentSessionId":"new-1","n":1.5}');
      expect(stored?.session.agentSessionId).toBe('new-1');
      expect(await store.transcripts.load(key)).toBeNull();
      expect(await store.transcripts.load(renewed)).toEqual([
        { type: 'user', uuid: 'u1', sessionId: 'new-1', text: 'see old-id.jsonl \u0000 \u2028 ü' },
        { type: 'note', uuid: 'u2', sessionId: 'another' },
      ]);
      expect(await store.transcripts.load({ ...renewed, subpath: 'subagents/x' })).toEqual([
        { type: 'user', sessionId: 'new-1' },
      ]);
      expect((await store.transcripts.loadSummaries('p'))[0]?.data).toEqual({ sessionId: 'new-1', count: 2 });
      const told = await store.events.read('s1', 1, 100, Number.MAX_SAFE_INTEGER);
      expect(told.map((entry) => JSON.parse(entry.body) as object)).toMatchObject([
        { type: 'session.updated', changes: { agentSessionId: 'new-1' } },
        { type: 'notice' },
      ]);
    });
  });

  test('[BAK4] also when an entry or a record is nested more deeply than SQLite reads JSON', async () => {
    const key = { projectKey: 'p', agentSessionId: 'old-id', subpath: '' };
    const deep = JSON.parse(`${'['.repeat(1_200)}${']'.repeat(1_200)}`) as unknown;
    const core = (agentSessionId: string): string => JSON.stringify({ agentSessionId, deep });
    await withStore(async (store) => {
      const record = { ...aRecord('s1', { agentSessionId: 'old-id' }), core: core('old-id') };
      await store.events.append([aBatch('s1', { record, entries: [aNotice(1)] })]);
      await store.transcripts.append(key, [{ type: 'user', sessionId: 'old-id', deep }]);
    });
    await makeBackup();

    await restore();

    await withStore(async (store) => {
      expect((await store.sessions.load('s1'))?.core).toBe(core('new-1'));
      const entries = await store.transcripts.load({ ...key, agentSessionId: 'new-1' });
      expect(entries).toEqual([{ type: 'user', sessionId: 'new-1', deep }]);
    });
  });

  test('[BAK4] of conversations that fill many pages each entry goes with its own', async () => {
    const key = (n: number, prefix = 'old') => ({ projectKey: 'p', agentSessionId: `${prefix}-${n}`, subpath: '' });
    const entry = (sessionId: string) => ({ type: 'user', sessionId, text: 'x'.repeat(1_500_000) });
    const numbers = [1, 2, 3, 4, 5, 6];
    await withStore(async (store) => {
      for (const n of [...numbers, ...numbers]) await store.transcripts.append(key(n), [entry(`old-${n}`)]);
    });
    await makeBackup();

    await restore();

    await withStore(async (store) => {
      for (const n of numbers) {
        const entries = await store.transcripts.load(key(n, 'new'));
        expect(entries).toEqual([entry(`new-${n}`), entry(`new-${n}`)]);
      }
    });
  });

  test('[PRC1] of agent processes those of this machine are kept, not those of the backup', async () => {
    const process = (pid: number) => ({ pid, startTicks: '1', sessionId: 's1', startedAt: BACKUP_TIME.toISOString() });
    await withStore((store) => store.processes.add(process(1)));
    await makeBackup();
    await withStore(async (store) => {
      await store.processes.remove(1, '1');
      await store.processes.add(process(2));
    });

    await restore();

    await withStore(async (store) => expect(await store.processes.list()).toEqual([process(2)]));
  });

  test('[BAK6] accounts come back with the newest secrets that are here, and as the backup has them where there are none', async () => {
    await withStore(async (store) => {
      await store.accounts.add(anAccount('renewed', { sealed: 'old token' }));
      await store.accounts.add(anAccount('removed', { sealed: 'its token' }));
      await store.accounts.claimRefresh('renewed', 'a server', Number.MAX_SAFE_INTEGER, 0);
    });
    await makeBackup();
    await withStore(async (store) => {
      await store.accounts.update('renewed', 1, { sealed: 'new token', label: 'changed' });
      await store.accounts.remove('removed');
      await store.accounts.add(anAccount('later'));
    });

    await restore();

    await withStore(async (store) => {
      expect(await store.accounts.list()).toEqual([
        anAccount('removed', { sealed: 'its token' }),
        anAccount('renewed', { sealed: 'new token', version: 3 }),
      ]);
      expect(await store.accounts.claimRefresh('renewed', 'another', 2, 1)).toBe(true);
    });
  });

  test('[BAK5] a backup of a newer program is refused by name, and nothing changes', async () => {
    await threeOfTen();
    const raw = new SqliteDatabase(backup);
    raw.exec(`INSERT INTO schema_migrations VALUES ('999-from-the-future', '2030-01-01T00:00:00.000Z');
      UPDATE meta SET value = '9.9.9' WHERE name = 'program_version'`);
    raw.close();

    const error = await failure(restore());

    expect(error.message).toMatch(/made by Hearth 9\.9\.9/);
    expect(error.message).toContain('999-from-the-future');
    expect(error.hint).toMatch(/Restore it with Hearth 9\.9\.9 or a later one/);
    await withStore(async (store) => expect(await allSeqs(store, 's1')).toHaveLength(10));
  });

  test('[BAK1] the owner’s token comes back when the backup has it, and does not stay in the database', async () => {
    await withStore((store) => store.check());
    await makeBackup('the-token');

    expect((await restore()).ownerToken).toBe('the-token');

    const raw = new SqliteDatabase(file, { readonly: true });
    expect(raw.prepare(`SELECT name FROM meta WHERE name LIKE 'backup%'`).all()).toEqual([]);
    raw.close();
  });
});

function foreign(): void {
  rmSync(backup);
  const raw = new SqliteDatabase(backup);
  raw.exec('CREATE TABLE recipes (name)');
  raw.close();
}

function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 4096, bytes.length);
  writeFileSync(path, bytes);
}
