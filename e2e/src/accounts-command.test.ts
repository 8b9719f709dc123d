import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Account } from '@hearth/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CliProcess, runCli } from './cli-process.ts';
import { Place } from './server-process.ts';

const CLI = fileURLToPath(new URL('../../packages/server/dist/program/hearth.js', import.meta.url));
const PASSPHRASE = 'correct horse battery';

async function serve(place: Place): Promise<CliProcess> {
  const server = new CliProcess(place, ['serve', '--port', '0', '--agent', 'scripted']);
  await server.wrote('stdout', '/login?code=');
  return server;
}

async function stop(server: CliProcess): Promise<void> {
  server.kill('SIGTERM');
  await server.ended;
}

describe('hearth accounts', () => {
  const place = new Place();
  let server: CliProcess;

  beforeAll(async () => {
    server = await serve(place);
  });

  afterAll(async () => {
    await stop(server);
    place.remove();
  });

  function accounts(args: readonly string[], options: { input?: string; env?: Record<string, string> } = {}) {
    return runCli(place, ['accounts', ...args], options);
  }

  async function listed(): Promise<Account[]> {
    return JSON.parse((await accounts(['list', '--json'])).stdout) as Account[];
  }

  test('[ACC14] reads a secret from a pipe, and shows all but that', async () => {
    const added = await accounts(['add', '--label', 'work', '--priority', '5', '--models', 'claude-opus-*,claude-x'], {
      input: 'sk-of-the-pipe\n',
    });

    expect(added).toMatchObject({ code: 0, stderr: '' });
    expect(added.stdout).toMatch(/^label +work$/m);
    expect(added.stdout).toMatch(/^models +claude-opus-\*, claude-x$/m);
    const shown = await accounts(['show', 'work']);
    expect(shown.stdout).toBe(added.stdout);
    const list = await accounts(['list']);
    expect(list.stdout).toMatch(/^ID +LABEL +KIND +STATE +PRIORITY/);
    expect(list.stdout).toMatch(/work +api-key +ready +5/);
    expect(added.stdout + list.stdout).not.toContain('of-the-pipe');
  });

  test('[ACC14] takes a log-in and a gateway too, a secret on each line', async () => {
    const login = await accounts(['add', '--kind', 'oauth', '--expires', '8h', '--json'], {
      input: 'access-of-the-pipe\nrefresh-of-the-pipe\n',
    });
    expect(JSON.parse(login.stdout)).toMatchObject({ kind: 'oauth', refreshable: true, label: 'Log-in' });
    const address = ['--base-url', 'https://gateway.example/v1'];
    const gateway = await accounts(['add', '--kind', 'gateway', ...address, '--disabled', '--json'], {
      input: 'token',
    });
    expect(JSON.parse(gateway.stdout)).toMatchObject({ state: 'disabled', baseUrl: 'https://gateway.example/v1' });
  });

  test('[ACC14] imports what the environment has for Claude Code', async () => {
    const env = {
      ANTHROPIC_API_KEY: 'sk-of-the-environment',
      CLAUDE_CODE_OAUTH_TOKEN: 'access-of-the-environment',
      ANTHROPIC_AUTH_TOKEN: 'token-of-the-environment',
      ANTHROPIC_BASE_URL: 'https://gateway.example',
    };
    const imported = await accounts(['add', '--from-env', '--disabled'], { env });
    expect(imported.code).toBe(0);
    expect(imported.stdout.match(/^kind .*$/gm)).toEqual([
      'kind       api-key',
      'kind       oauth',
      'kind       gateway',
    ]);
    expect(imported.stdout).not.toContain('of-the-environment');
    const one = await accounts(['add', '--from-env', '--kind', 'oauth', '--label', 'only'], { env });
    expect(one.stdout.match(/^kind .*$/gm)).toEqual(['kind       oauth']);
    expect(await accounts(['add', '--from-env'])).toMatchObject({ code: 1 });
  });

  test('[ACC14] changes, resets and removes them by id or label', async () => {
    await accounts(['add', '--label', 'changing'], { input: 'one' });
    const changed = await accounts(['set', 'changing', '--priority', '7', '--disable', '--models', 'all', '--json']);
    expect(JSON.parse(changed.stdout)).toMatchObject({ priority: 7, state: 'disabled', models: null });
    const { id } = JSON.parse(changed.stdout) as Account;
    const renewed = await accounts(['set', id, '--new-secret', '--enable', '--json'], { input: 'two\n' });
    expect(JSON.parse(renewed.stdout)).toMatchObject({ id, state: 'ready' });
    expect((await accounts(['reset', 'changing'])).stdout).toContain(id);
    expect(await accounts(['rm', 'changing'])).toMatchObject({ code: 1 });
    expect(await accounts(['rm', 'changing', '--yes'])).toMatchObject({ code: 0 });
    expect(await accounts(['show', id])).toMatchObject({ code: 1, stdout: '' });
  });

  test('[ACC14] says what is missing or wrong, and never what the secret was', async () => {
    const wrong: [string[], string, RegExp][] = [
      [['add'], '', /No API key was given/],
      [['add', '--kind', 'gateway'], 'secret-token', /needs its address/],
      [['add', '--priority', '-1'], 'secret-key', /no whole number/],
      [['add'], 'secret-key with spaces', /visible ASCII/],
      [['set', 'work'], '', /nothing to change/],
      [['show', 'nobody'], '', /no account "nobody"/],
      [['add', '--kind', 'password'], '', /Allowed choices are api-key, oauth, gateway/],
    ];
    for (const [args, input, message] of wrong) {
      const { code, stdout, stderr } = await accounts(args, { input });
      expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: '' });
      expect(stderr).toMatch(message);
      expect(stderr).not.toContain('secret-');
    }
  });

  test('[ACC7][ACC14] takes them to another server in a file for its user alone', async () => {
    const file = join(place.root, 'accounts.sealed');
    const env = { HEARTH_PASSPHRASE: PASSPHRASE };
    const here = await listed();
    expect(await accounts(['export', file], { env })).toMatchObject({ code: 0, stdout: '' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).not.toContain('of-the-pipe');
    expect(await accounts(['export', file], { env })).toMatchObject({ code: 1 });
    expect(await accounts(['export', file, '--force'], { input: `${PASSPHRASE}\n` })).toMatchObject({ code: 0 });
    expect(await accounts(['export', `${file}.2`], { input: 'short\n' })).toMatchObject({ code: 1 });
    expect(existsSync(`${file}.2`)).toBe(false);

    const other = new Place();
    const elsewhere = await serve(other);
    try {
      expect(await runCli(other, ['accounts', 'import', file], { input: 'another phrase\n' })).toMatchObject({
        code: 1,
      });
      expect(await runCli(other, ['accounts', 'import', file], { env })).toMatchObject({ code: 0 });
      expect(JSON.parse((await runCli(other, ['accounts', 'list', '--json'])).stdout)).toEqual(here);
    } finally {
      await stop(elsewhere);
      other.remove();
    }
  });

  test('[ACC6][ACC14] changes the key, after which everything works as before', async () => {
    const before = readFileSync(join(place.data, 'secret.key'), 'utf8');
    const here = await listed();

    expect((await accounts(['rotate-key'])).stderr).toBe(`sealed ${here.length} accounts with the new key\n`);

    const after = readFileSync(join(place.data, 'secret.key'), 'utf8');
    expect(after).not.toBe(before);
    await stop(server);
    server = await serve(place);
    expect(await listed()).toEqual(here);
  });

  test('[ACC4][ACC14] the doctor names those that cannot be opened, with or without a server', async () => {
    const key = readFileSync(join(place.data, 'secret.key'), 'utf8');
    expect((await runCli(place, ['doctor'])).stdout).toMatch(/✓ account +“work” \(api-key\) is ready/);
    await stop(server);
    writeFileSync(join(place.data, 'secret.key'), `${'ab'.repeat(32)}\n`);
    const without = await runCli(place, ['doctor']);
    expect(without.stdout).toMatch(/✗ account +“work” \(api-key\): .*which is not here/);
    server = await serve(place);
    const beside = await runCli(place, ['doctor']);
    expect(beside.stdout).toMatch(/✗ account +“work” \(api-key\) is broken: .*which is not here/);
    writeFileSync(join(place.data, 'secret.key'), key);
    expect((await accounts(['reset', 'work'])).stdout).toMatch(/^state +ready$/m);
  });

  test('[ACC14] asks at a terminal for a secret without showing it', async () => {
    const command = `stty cols 100 rows 30; ${process.execPath} ${CLI} accounts add --label typed`;
    const terminal = spawn('script', ['-qec', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'], HOME: place.home, HEARTH_DATA_DIR: place.data, LANG: 'C.UTF-8', TERM: 'xterm' },
    });
    let screen = '';
    const asked = new Promise<void>((resolve) => {
      terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
        screen += text;
        if (screen.includes('API key')) resolve();
      });
    });
    const ended = new Promise((resolve) => terminal.once('close', resolve));
    await asked;
    terminal.stdin.write('sk-typed-secret\r');

    expect(await ended).toBe(0);
    expect(screen).toMatch(/label +typed/);
    expect(screen).not.toContain('typed-secret');
    expect((await listed()).map(({ label }) => label)).toContain('typed');
  });
});
