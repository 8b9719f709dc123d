import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHearth } from '../main.ts';
import { openDirectory } from './directory-in-use.ts';
import { openAccess } from './open-access.ts';
import { writeServerFile } from './server-file.ts';

let folder: string;
let dataDir: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearth-access-'));
  dataDir = join(folder, 'data');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('sessions without a server', () => {
  test('are made where there are none yet, and found there', async () => {
    const made = await openAccess({ dataDir }, { mayMake: true });
    const { id } = await made.create({ agent: 'scripted', cwd: process.cwd() });
    await made.close();
    const found = await openAccess({ dataDir }, { mayMake: false });
    expect((await found.get(id)).id).toBe(id);
    await found.close();
  });

  test('are not looked for in a data directory without a database, and nothing is made there', async () => {
    await expect(openAccess({ dataDir }, { mayMake: false })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining(join(dataDir, 'hearth.db')) as unknown,
      hint: expect.stringContaining('--data-dir') as unknown,
    });
    expect(existsSync(dataDir)).toBe(false);
  });

  test('are not opened beside another command, which is told from a server', async () => {
    const other = await createHearth({ dataDir, workspace: [folder], agent: 'scripted' });
    await expect(openAccess({ dataDir }, { mayMake: true })).rejects.toMatchObject({
      message: expect.stringContaining(`Another hearth command (pid ${process.pid})`) as unknown,
      hint: expect.stringContaining('hearth serve') as unknown,
    });
    await other.close(0);
  });

  test('are not opened beside a server that does not answer, of which it tells', async () => {
    const other = await createHearth({ dataDir, workspace: [folder], agent: 'scripted' });
    const word = { pid: process.pid, startedAt: '2026-01-01T00:00:00.000Z', version: '0.1.0' };
    await writeServerFile(dataDir, { ...word, url: 'http://127.0.0.1:1' });
    await expect(openAccess({ dataDir }, { mayMake: true })).rejects.toMatchObject({
      code: 'agent_unavailable',
      message: `The Hearth server at http://127.0.0.1:1 (pid ${process.pid}) does not answer.`,
    });
    await other.close(0);
  });

  test('another failure to open them is told as it is', async () => {
    const failure = new Error('no');
    await expect(openDirectory(dataDir, () => Promise.reject(failure))).rejects.toBe(failure);
  });
});
