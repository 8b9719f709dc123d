import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findProcess } from '../process/process-table.ts';
import { candidateFolders, findServer, isAlive } from './discovery.ts';
import { locateServer, requireServer } from './open-access.ts';
import { onThisMachine, ownProcess, readServerFile, removeServerFile, writeServerFile } from './server-file.ts';

/** Above every process id that Linux gives out. */
const NOBODY = 2 ** 22 + 1;
const saved = { HEARTH_TOKEN: process.env['HEARTH_TOKEN'], HEARTH_DATA_DIR: process.env['HEARTH_DATA_DIR'] };

let dataDir: string;
let server: Server;
let url: string;

beforeEach(async () => {
  for (const name of Object.keys(saved)) delete process.env[name];
  dataDir = await mkdtemp(join(tmpdir(), 'hearth-discovery-'));
  server = createServer((request, response) => response.writeHead(request.url === '/healthz' ? 200 : 404).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const [name, value] of Object.entries(saved)) if (value !== undefined) process.env[name] = value;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(dataDir, { recursive: true, force: true });
});

const word = (pid = process.pid) => ({ url, pid, startedAt: '2026-01-01T00:00:00.000Z', version: '0.1.0' });

describe('a running server', () => {
  test('is found by what it left in its data directory, which others cannot read', async () => {
    await writeServerFile(dataDir, word());
    expect(await findServer([dataDir])).toEqual({ ...word(), dataDir });
    expect((await stat(join(dataDir, 'server.json'))).mode & 0o777).toBe(0o600);
  });

  test('is found in the demo’s folder after the data directory itself', async () => {
    const [main, demo] = candidateFolders(dataDir) as [string, string];
    await writeServerFile(demo, word());
    expect(await findServer([main, demo])).toMatchObject({ dataDir: demo });
    await writeServerFile(main, word());
    expect(await findServer([main, demo])).toMatchObject({ dataDir: main });
  });

  test('that listens on every address is asked at loopback, by a name that it takes', () => {
    expect(onThisMachine('http://0.0.0.0:4640')).toBe('http://127.0.0.1:4640');
    expect(onThisMachine('http://[::]:4640')).toBe('http://[::1]:4640');
    expect(onThisMachine('http://192.0.2.1:4640')).toBe('http://192.0.2.1:4640');
  });

  test('is not one whose process is gone, which does not answer, or whose word is torn', async () => {
    expect(isAlive(NOBODY)).toBe(false);
    await writeServerFile(dataDir, word(NOBODY));
    expect(await findServer([dataDir])).toBeNull();
    await writeServerFile(dataDir, { ...word(), url: 'http://127.0.0.1:1' });
    expect(await findServer([dataDir])).toBeNull();
    await writeFile(join(dataDir, 'server.json'), '{"url":');
    expect(await findServer([dataDir])).toBeNull();
  });

  test.runIf(process.platform === 'linux')(
    '[SEC1] is not one whose process has another’s pid by now, whoever answers in its place: it would be shown the token',
    async () => {
      const own = ownProcess();
      expect(own).toEqual({ pid: process.pid, startTicks: findProcess(process.pid)?.startTicks });
      await writeServerFile(dataDir, { ...word(), ...own });
      expect(await findServer([dataDir])).toEqual({ ...word(), ...own, dataDir });
      await writeServerFile(dataDir, { ...word(), ...own, pid: process.ppid });
      expect(await findServer([dataDir])).toBeNull();
      await writeServerFile(dataDir, { ...word(), startTicks: 'another boot:1' });
      expect(await findServer([dataDir])).toBeNull();
    },
  );

  test('takes its word away when it goes, but not that of its successor', async () => {
    await writeServerFile(dataDir, word());
    await removeServerFile(dataDir, process.pid + 1);
    expect(await readServerFile(dataDir)).toEqual(word());
    await removeServerFile(dataDir, process.pid);
    expect(await readServerFile(dataDir)).toBeNull();
  });
});

describe('the token', () => {
  test('is the given one, else the one in the server’s data directory', async () => {
    await writeServerFile(dataDir, word());
    await writeFile(join(dataDir, 'token'), 'from-file\n');
    expect(await locateServer({ dataDir })).toEqual({ url, token: 'from-file', isHere: true });
    expect(await locateServer({ dataDir, url: `${url}/` })).toMatchObject({ url, token: 'from-file' });
    expect(await locateServer({ dataDir, token: 'given' })).toMatchObject({ url, token: 'given' });
    process.env['HEARTH_TOKEN'] = 'from-environment';
    expect(await locateServer({ dataDir })).toMatchObject({ url, token: 'from-environment' });
    process.env['HEARTH_TOKEN'] = '';
    expect(await locateServer({ dataDir })).toMatchObject({ url, token: 'from-file' });
  });

  test('in the data directory never goes to another server', async () => {
    await writeFile(join(dataDir, 'token'), 'from-file\n');
    await expect(locateServer({ dataDir, url })).rejects.toMatchObject({ code: 'unauthorized' });
    expect(await locateServer({ dataDir, url, token: 'given' })).toEqual({ url, token: 'given', isHere: true });
  });

  test('that cannot be found is asked for', async () => {
    await writeServerFile(dataDir, word());
    await expect(locateServer({ dataDir })).rejects.toMatchObject({
      code: 'unauthorized',
      hint: expect.stringContaining('HEARTH_TOKEN') as unknown,
    });
  });
});

describe('without a server', () => {
  test('there is none, or a sentence that says how to start one', async () => {
    expect(await locateServer({ dataDir })).toBeNull();
    await expect(requireServer({ dataDir })).rejects.toMatchObject({
      message: expect.stringContaining(dataDir) as unknown,
      hint: expect.stringContaining('hearth serve') as unknown,
    });
  });

  test('a named one that does not answer is an error', async () => {
    await expect(locateServer({ dataDir, url: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      message: 'No Hearth server answers at http://127.0.0.1:1.',
    });
    await expect(locateServer({ dataDir, url: 'nonsense' })).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
