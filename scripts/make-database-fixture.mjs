/**
 * Makes a database as this version of Hearth leaves it, for the tests of later versions: `node scripts/make-database-fixture.mjs
 * NAME` writes NAME.sql and NAME.json (what the store says of it) to packages/server/src/store/sqlite/fixtures. Run it once for
 * each released schema, on its build; a fixture is never made again, since no later program can make it.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const [name] = process.argv.slice(2);
if (name === undefined) throw new Error('usage: node scripts/make-database-fixture.mjs NAME, as in 001-initial');

const server = new URL('../packages/server/', import.meta.url);
const from = (path) => import(new URL(path, server));
const { createHearth } = await from('dist/main.js');
const { backupDatabase } = await from('dist/store/sqlite/backup.js');
const { openSqliteStore } = await from('dist/store/sqlite/open.js');
const { VERSION } = await from('dist/version.js');
const { startMessagesApi } = await from('../testkit/dist/index.js');
const SqliteDatabase = createRequire(new URL('package.json', server))('better-sqlite3');

// The paths stand in the database: they are the same wherever it is made.
const root = '/tmp/hearth-fixture';
const workspace = join(root, 'workspace');
const copy = join(root, 'copy', 'hearth.db');
rmSync(root, { recursive: true, force: true });
mkdirSync(workspace, { recursive: true });

const api = await startMessagesApi();
try {
  await fill();
  const fixtures = fileURLToPath(new URL('src/store/sqlite/fixtures/', server));
  mkdirSync(fixtures, { recursive: true });
  writeFileSync(join(fixtures, `${name}.sql`), dump(copy));
  writeFileSync(join(fixtures, `${name}.json`), `${JSON.stringify(await contents(), null, 1)}\n`);
} finally {
  await api.close();
  rmSync(root, { recursive: true, force: true });
}

/** Uses the server, and takes a copy while a turn streams, an approval waits and messages are queued: as a crash leaves it. */
async function fill() {
  const dataDir = join(root, 'data');
  const hearth = await createHearth({
    dataDir,
    workspace: [workspace],
    agent: 'scripted',
    agentEnv: {
      PATH: process.env.PATH,
      HOME: join(root, 'home'),
      CLAUDE_CONFIG_DIR: join(root, 'claude'),
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      ANTHROPIC_BASE_URL: api.url,
      ANTHROPIC_API_KEY: 'made-up',
    },
  });
  const owner = { id: 'owner', label: 'owner' };
  const { sessions } = hearth;
  const make = (agent, title, more = {}) => sessions.create(owner, { agent, title, ...more });

  const told = await make('claude', 'a conversation', { allowedTools: ['Bash'], metadata: { project: 'fixture' } });
  await turn(sessions, told.id, { content: 'my name is Ada', clientMessageId: 'first' });
  await turn(sessions, told.id, { content: '[[think let me see]] [[tool Bash {"command":"echo from a tool"}]]' });

  const failed = await make('scripted', 'a failed turn', { systemPrompt: 'Be brief.' });
  await turn(sessions, failed.id, { content: '[[status 400 99]]' });
  await sessions.update(failed.id, { archived: true });

  const picture = await make('scripted', null);
  const data = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  await turn(sessions, picture.id, {
    content: [
      { type: 'text', text: 'look at this' },
      { type: 'image', mediaType: 'image/png', data },
    ],
  });
  await sessions.fork(owner, picture.id, {});

  const asking = await make('scripted', 'an approval waits');
  await sessions.send(owner, asking.id, { content: `[[tool Write {"file_path":"${workspace}/a.txt","content":"a"}]]` });
  await until(async () => (await sessions.get(asking.id)).approvals.length === 1);

  const streaming = await make('scripted', 'cut in mid-answer');
  await sessions.send(owner, streaming.id, { content: '[[tokens 500 20]]' });
  await sessions.send(owner, streaming.id, { content: '[[say the last]]', priority: 'later' });
  await sessions.send(owner, streaming.id, { content: '[[say the first]]', priority: 'later' });
  const { queue } = await sessions.get(streaming.id);
  await sessions.updateMessage(streaming.id, queue[1].id, { place: 0 });
  await until(async () =>
    (await sessions.events(streaming.id, 0, 1000)).items.some((event) => event.text?.includes('w5 ')),
  );

  const raw = new SqliteDatabase(join(dataDir, 'hearth.db'));
  const token = raw.prepare('INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?)');
  const hash = (secret) => createHash('sha256').update(secret).digest('hex');
  token.run('token-1', 'api', 'ci', hash('hearth_a-token-of-the-fixture'), '2026-01-01T00:00:00.000Z', null, null);
  token.run(
    'token-2',
    'browser',
    'phone',
    hash('another'),
    '2026-01-02T00:00:00.000Z',
    '2026-01-03T00:00:00.000Z',
    null,
  );
  raw.close();
  await backupDatabase({
    file: join(dataDir, 'hearth.db'),
    destination: copy,
    force: true,
    now: new Date(),
    version: VERSION,
  });
  await hearth.close(0);
  withoutAttachments();
}

/** What the binary adds to a conversation by itself (lists of its tools and the like) is long and not ours: it goes. */
function withoutAttachments() {
  const raw = new SqliteDatabase(copy);
  raw.exec(`DELETE FROM meta WHERE name = 'backup_made_at'`);
  const entries = raw.prepare('SELECT rowid, body FROM transcript_entries ORDER BY rowid').all();
  const parents = new Map();
  for (const { rowid, body } of entries) {
    const entry = JSON.parse(body);
    if (parents.has(entry.parentUuid)) entry.parentUuid = parents.get(entry.parentUuid);
    if (entry.type === 'attachment') {
      parents.set(entry.uuid, entry.parentUuid);
      raw.prepare('DELETE FROM transcript_entries WHERE rowid = ?').run(rowid);
    } else raw.prepare('UPDATE transcript_entries SET body = ? WHERE rowid = ?').run(JSON.stringify(entry), rowid);
  }
  raw.close();
}

async function turn(sessions, sessionId, message) {
  await sessions.send({ id: 'owner', label: 'owner' }, sessionId, message);
  await until(async () => {
    const { items } = await sessions.messages(sessionId, {});
    return items.every(({ state }) => state === 'completed' || state === 'failed');
  });
  await until(async () => (await sessions.get(sessionId)).phase === 'idle');
}

async function until(holds) {
  const end = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited too long: ${holds}`);
    await delay(20);
  }
}

/** The whole database as SQL text. */
function dump(path) {
  const raw = new SqliteDatabase(path, { readonly: true });
  const lines = ['PRAGMA foreign_keys = OFF;', 'BEGIN;'];
  const objects = raw.prepare(`SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid`).all();
  const own = objects.filter((object) => !object.name.startsWith('sqlite_'));
  for (const { sql } of own) lines.push(`${sql};`);
  for (const table of [...own.filter(({ type }) => type === 'table').map((object) => object.name), 'sqlite_sequence']) {
    if (table === 'sqlite_sequence') lines.push('DELETE FROM sqlite_sequence;');
    const columns = raw.pragma(`table_info("${table}")`).map((column) => `quote("${column.name}")`);
    const row = `'INSERT INTO "${table}" VALUES (' || ${columns.join(` || ', ' || `)} || ');'`;
    lines.push(...raw.prepare(`SELECT ${row} FROM "${table}" WHERE ? IS NULL`).pluck().all(null));
  }
  raw.close();
  return `${[...lines, 'COMMIT;'].join('\n')}\n`;
}

/** All that the store tells of it. */
async function contents() {
  const path = join(root, 'read', 'hearth.db');
  mkdirSync(join(root, 'read'));
  const raw = new SqliteDatabase(path);
  raw.exec(dump(copy));
  const ids = raw.prepare('SELECT id FROM sessions ORDER BY key').pluck().all();
  const keys = raw
    .prepare(
      'SELECT project_key AS projectKey, agent_session_id AS agentSessionId, subpath FROM transcripts ORDER BY key',
    )
    .all();
  raw.close();
  const store = await openSqliteStore({ path, version: VERSION });
  const sessions = [];
  for (const id of ids) {
    sessions.push({
      record: await store.sessions.load(id),
      events: await store.events.read(id, 0, 1_000_000, Number.MAX_SAFE_INTEGER),
      messages: (await store.messages.list(id, undefined, 1_000)).items,
      queued: (await store.messages.queued(id)).map((message) => message.id),
    });
  }
  const transcripts = [];
  for (const key of keys) transcripts.push({ key, entries: await store.transcripts.load(key) });
  const tokens = [...(await store.tokens.list('api')), ...(await store.tokens.list('browser'))];
  const usage = await store.usage.report('session', undefined, undefined);
  const result = { sessions, unsettled: await store.sessions.unsettled(), transcripts, tokens, usage };
  await store.close();
  return result;
}
