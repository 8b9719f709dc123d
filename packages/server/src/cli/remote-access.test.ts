import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHearth } from '../main.ts';
import { remoteAccess } from './remote-access.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearth-remote-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the connection to the server', () => {
  test('that is lost when the command leaves was not back', async () => {
    const settings = { dataDir: folder, workspace: [folder], agent: 'scripted', port: 0, token: 'right' };
    const server = await createHearth(settings);
    const { url } = await server.listen();
    const access = await remoteAccess({ url, token: 'right', isHere: true });
    const told: string[] = [];
    const lost = new Promise<void>((resolve) =>
      access.onConnection((state) => {
        told.push(state);
        resolve();
      }),
    );
    await server.close(0);
    await lost;
    await access.close();
    expect(told).toEqual(['lost']);
  });
});
