import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withDefaults } from '../config/defaults.ts';
import { createHearth } from '../main.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import { demoEnvironment, demoWorkspace } from './demo-environment.ts';
import { examineNode } from './examine.ts';
import { examineAccounts } from './examine-accounts.ts';
import { examineServer } from './examine-server.ts';
import { examineDataDir, examineDatabase, examineDisk } from './examine-storage.ts';
import { writeServerFile } from './server-file.ts';
import { findingLines, odd, well, wrong } from './finding.ts';
import { RecordedTerminal } from './testing/recorded-terminal.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearth-examine-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('what the doctor finds', () => {
  test('a node that is too old', () => {
    expect(examineNode('20.18.9').verdict).toBe('wrong');
    expect(examineNode('20.19.0').verdict).toBe('well');
    expect(examineNode('24.0.0').verdict).toBe('well');
  });

  test('a data directory that is there, is not there yet, is open to others, or cannot be', async () => {
    expect(await examineDataDir(join(folder, 'new', 'deep'))).toMatchObject({ verdict: 'well' });
    await mkdir(join(folder, 'private'), { mode: 0o700 });
    expect(await examineDataDir(join(folder, 'private'))).toMatchObject({ verdict: 'well' });
    await mkdir(join(folder, 'open'), { mode: 0o755 });
    expect(await examineDataDir(join(folder, 'open'))).toMatchObject({ verdict: 'odd' });
    await writeFile(join(folder, 'file'), '');
    expect(await examineDataDir(join(folder, 'file', 'data'))).toMatchObject({ verdict: 'wrong' });
  });

  test('[STO7] a database of a newer program, of which it says what a start would', async () => {
    const dataDir = join(folder, 'data');
    await (await openSqliteStore({ path: join(dataDir, 'hearth.db'), version: '9.9.9' })).close();
    const raw = new SqliteDatabase(join(dataDir, 'hearth.db'));
    raw.exec(`INSERT INTO schema_migrations VALUES ('999-from-the-future', '2030-01-01T00:00:00.000Z')`);
    raw.close();

    expect(await examineDatabase(withDefaults({ dataDir }), null)).toMatchObject({
      verdict: 'wrong',
      detail: expect.stringMatching(/Hearth 9\.9\.9.*999-from-the-future/) as unknown,
    });
  });

  test('a database that is sound, is missing, or is damaged, and touches none of them', async () => {
    const dataDir = join(folder, 'data');
    const config = withDefaults({ dataDir });
    expect(await examineDatabase(config, null)).toMatchObject({ verdict: 'none' });
    const hearth = await createHearth({ dataDir, workspace: [folder], agent: 'scripted' });
    await hearth.sessions.create({ id: 'owner', label: 'owner' }, {});
    expect(await examineDatabase(config, null)).toMatchObject({
      verdict: 'well',
      detail: expect.stringContaining('1 sessions, undamaged') as unknown,
    });
    await hearth.close(0);
    await writeFile(join(dataDir, 'hearth.db'), 'no database '.repeat(1_000));
    expect(await examineDatabase(config, null)).toMatchObject({
      verdict: 'wrong',
      fix: expect.stringContaining('backup') as unknown,
    });
  });

  test('the accounts that are stored, and those that cannot be opened', async () => {
    const dataDir = join(folder, 'data');
    const config = withDefaults({ dataDir });
    expect(await examineAccounts(config, null)).toMatchObject({ findings: [{ verdict: 'none' }], inUse: false });
    const hearth = await createHearth({ dataDir, workspace: [folder], agent: 'scripted' });
    await hearth.accounts.create({ kind: 'api_key', apiKey: 'sk-secret', label: 'mine' });
    await hearth.accounts.create({ kind: 'api_key', apiKey: 'sk-secret', label: 'off', enabled: false });
    await hearth.close(0);

    expect(await examineAccounts(config, null)).toMatchObject({
      findings: [
        { verdict: 'well', detail: '“mine” (api-key), sealed' },
        { verdict: 'none', detail: '“off” (api-key) is disabled' },
      ],
      inUse: true,
    });
    await chmod(join(dataDir, 'secret.key'), 0o644);
    const [open] = (await examineAccounts(config, null)).findings;
    expect(open).toMatchObject({ verdict: 'wrong', fix: expect.stringContaining('chmod 600') as unknown });
    await rm(join(dataDir, 'secret.key'));
    const { findings } = await examineAccounts(config, null);
    expect(findings).toMatchObject([{ verdict: 'wrong' }, { verdict: 'wrong' }]);
    expect(findings[0]?.detail).toMatch(/“mine”.*sealed with the key [\da-f]{8}, which is not here/);
    expect(existsSync(join(dataDir, 'secret.key'))).toBe(false);
    expect(JSON.stringify(findings)).not.toContain('sk-secret');
  });

  test('room on the disk, also for a folder that is not there yet', async () => {
    expect((await examineDisk(join(folder, 'not', 'there'))).detail).toMatch(/GB free at/);
  });

  test('a port that is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    expect(await examineServer(withDefaults({ dataDir: folder, port }), null)).toMatchObject({ verdict: 'wrong' });
    await new Promise((resolve) => other.close(resolve));
    expect(await examineServer(withDefaults({ dataDir: folder, port }), null)).toMatchObject({ verdict: 'well' });
  });

  test('a port that the demo’s server has, which is fine', async () => {
    const demo = createHttpServer((_, response) => response.end());
    await new Promise<void>((resolve) => demo.listen(0, '127.0.0.1', resolve));
    const { port } = demo.address() as AddressInfo;
    const word = { pid: process.pid, startedAt: '2026-01-01T00:00:00.000Z', version: '0.1.0' };
    await writeServerFile(join(folder, 'demo'), { ...word, url: `http://127.0.0.1:${port}` });
    expect(await examineServer(withDefaults({ dataDir: folder, port }), null)).toMatchObject({
      verdict: 'well',
      detail: expect.stringContaining(`on ${join(folder, 'demo')}, ready`) as unknown,
    });
    await writeServerFile(join(folder, 'demo'), { ...word, url: 'http://127.0.0.1:1' });
    expect(await examineServer(withDefaults({ dataDir: folder, port }), null)).toMatchObject({ verdict: 'wrong' });
    await new Promise((resolve) => demo.close(resolve));
  });

  test('a server that lives and does not answer, which left nothing to another', async () => {
    const word = { pid: process.pid, startedAt: '2026-01-01T00:00:00.000Z', version: '0.1.0' };
    await writeServerFile(folder, { ...word, url: 'http://127.0.0.1:1' });
    expect(await examineServer(withDefaults({ dataDir: folder, port: 0 }), null)).toMatchObject({
      verdict: 'wrong',
      detail: `http://127.0.0.1:1, pid ${process.pid}, does not answer`,
    });
  });

  test('is told in a line each, with how to mend it', () => {
    const terminal = new RecordedTerminal();
    expect(findingLines(well('disk', 'room'), terminal)).toEqual(['✓ disk           room']);
    expect(findingLines(odd('disk', 'little room', 'Free it.'), terminal)[1]).toBe('                 → Free it.');
    expect(findingLines(wrong('disk', 'full', 'Free it.'), terminal)[0]).toBe('✗ disk           full');
  });
});

describe('the demo’s surroundings', () => {
  test('hold nothing of anybody’s account, and a home of their own', async () => {
    const env = await demoEnvironment(folder, 'http://127.0.0.1:1', {
      PATH: '/bin',
      HOME: '/home/me',
      ANTHROPIC_API_KEY: 'mine',
      CLAUDE_CODE_OAUTH_TOKEN: 'mine',
      CLAUDE_CODE_USE_BEDROCK: '1',
      HTTPS_PROXY: 'http://proxy',
    });
    expect(env).toMatchObject({ PATH: '/bin', HOME: join(folder, 'home'), ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' });
    expect(Object.values(env)).not.toContain('mine');
    expect(Object.keys(env).filter((name) => /BEDROCK|PROXY|OAUTH/.test(name))).toEqual([]);
  });

  test('are closed to other users, with all that is made above them', async () => {
    const dataDir = join(folder, 'new', 'demo');
    const made = await demoWorkspace(dataDir);
    for (const path of [join(folder, 'new'), dataDir, made]) expect((await stat(path)).mode & 0o777).toBe(0o700);
  });

  test('have a folder to work in whose files are kept', async () => {
    const workspace = await demoWorkspace(folder);
    await writeFile(join(workspace, 'README.md'), 'changed');
    expect(await demoWorkspace(folder)).toBe(workspace);
    expect(await import('node:fs').then((fs) => fs.readFileSync(join(workspace, 'README.md'), 'utf8'))).toBe('changed');
  });
});
