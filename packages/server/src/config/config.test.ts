import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HearthError } from '@hearth/protocol';
import { addConfigFlags } from '../cli/config-flags.ts';
import { configFlags, configurationMarkdown } from './documentation.ts';
import { loadConfig } from './load.ts';
import type { LoadedConfig, LoadOptions } from './load.ts';

let folder: string;
let place: Required<LoadOptions>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearth-config-'));
  const [cwd, home] = [join(folder, 'work'), join(folder, 'home')];
  await mkdir(cwd);
  await mkdir(join(home, '.hearth'), { recursive: true });
  place = { flags: {}, env: {}, cwd, home };
});
afterEach(() => rm(folder, { recursive: true }));

async function file(value: unknown, path = join(place.cwd, 'hearth.config.json')): Promise<string> {
  await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

function failure(run: () => unknown): { message: string; hint: string | undefined } {
  try {
    run();
  } catch (error) {
    if (error instanceof HearthError) return { message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error('it worked');
}

describe('the configuration', () => {
  test('has a value for everything without being told anything', () => {
    const { config, warnings } = loadConfig(place);
    expect(config).toMatchObject({ host: '127.0.0.1', port: 4640, agent: 'claude', allowBypassPermissions: false });
    expect(config.dataDir).toBe(join(place.home, '.hearth'));
    expect(config.workspace).toEqual([place.cwd]);
    expect(config.idleTimeoutMs).toBe(900_000);
    expect(config.maxAgentMemoryMb).toBeGreaterThan(0);
    expect(config.maxAgentMemoryMb * 1024 * 1024).toBeLessThan(totalmem());
    expect('token' in config).toBe(false);
    expect(warnings).toEqual([]);
    const env = { XDG_DATA_HOME: '/xdg' };
    expect(loadConfig({ ...place, env }).config.dataDir).toBe('/xdg/hearth');
  });

  test('[CFG1] takes a flag before the environment before the file', async () => {
    await file({ port: 1, host: 'file.lan', maxRetries: 1 });
    const env = { HEARTH_PORT: '2', HEARTH_HOST: 'env.lan' };
    const { config } = loadConfig({ ...place, env, flags: { port: '3' } });
    expect(config).toMatchObject({ port: 3, host: 'env.lan', maxRetries: 1 });
  });

  test('finds its file here, else in the data directory, else where it is told', async () => {
    const inData = await file({ port: 1 }, join(place.home, '.hearth', 'hearth.config.json'));
    expect(loadConfig(place)).toMatchObject({ file: inData, config: { port: 1 } });
    const here = await file({ port: 2 });
    expect(loadConfig(place)).toMatchObject({ file: here, config: { port: 2 } });
    const other = await file({ port: 3 }, join(folder, 'other.json'));
    expect(loadConfig({ ...place, flags: { config: other } })).toMatchObject({ file: other, config: { port: 3 } });
    expect(loadConfig({ ...place, env: { HEARTH_CONFIG: '../other.json' } })).toMatchObject({ file: other });
  });

  test('reads paths relative to where they are written', async () => {
    await file({ workspace: ['code', '/abs'] }, join(folder, 'other.json'));
    const fromFile = loadConfig({ ...place, flags: { config: '../other.json' } });
    expect(fromFile.config.workspace).toEqual([join(folder, 'code'), '/abs']);
    const fromFlags = loadConfig({ ...place, flags: { workspace: ['a', 'b'], dataDir: 'data' } });
    expect(fromFlags.config.workspace).toEqual([join(place.cwd, 'a'), join(place.cwd, 'b')]);
    expect(fromFlags.config.dataDir).toBe(join(place.cwd, 'data'));
    expect(loadConfig({ ...place, env: { HEARTH_WORKSPACE: '/a:/b' } }).config.workspace).toEqual(['/a', '/b']);
  });

  test.each([
    ['90s', 90_000],
    ['1500', 1_500],
    ['1.5h', 5_400_000],
    [250, 250],
  ])('takes the duration %j', (raw, ms) => {
    expect(loadConfig({ ...place, flags: { idleTimeoutMs: raw } }).config.idleTimeoutMs).toBe(ms);
  });

  test.each([
    [{ flags: { port: '70000' } }, '--port is "70000", which cannot be used.', 'from 0 to 65535'],
    [{ flags: { port: '4640x' } }, '--port is "4640x"', 'whole number'],
    [{ env: { HEARTH_IDLE_TIMEOUT_MS: 'soon' } }, 'HEARTH_IDLE_TIMEOUT_MS is "soon"', '30s'],
    [{ env: { HEARTH_ALLOW_BYPASS_PERMISSIONS: 'yes' } }, 'HEARTH_ALLOW_BYPASS_PERMISSIONS is "yes"', 'true or false'],
    [{ env: { HEARTH_SETTING_SOURCES: 'user,team' } }, 'HEARTH_SETTING_SOURCES', 'user, project, local'],
    [{ flags: { allowedHosts: ['a b'] } }, '--allowed-hosts is ["a b"]', 'a host name'],
    [{ env: { HEARTH_ALLOWED_HOSTS: 'http://a.lan' } }, 'HEARTH_ALLOWED_HOSTS', 'hearth.example:8443'],
    [{ flags: { logLevel: 'loud' } }, '--log-level is "loud"', 'fatal, error'],
    [{ flags: { databaseUrl: 'mysql://db' } }, '--database-url is "mysql://db"', 'sqlite:<path> or postgres://'],
    [
      { flags: { databaseUrl: 'mysql://me:s/e@c@db/x' } },
      '--database-url is "mysql://me:***@db/x"',
      'sqlite:<path> or postgres://',
    ],
    [{ env: { HEARTH_NATS_URL: 'nats://bus' } }, 'HEARTH_NATS_URL is "nats://bus"', 'without a bus'],
    [{ env: { HEARTH_PUBLIC_URL: 'hearth.example' } }, 'HEARTH_PUBLIC_URL', 'https://hearth.example'],
    [{ flags: { config: 'none.json' } }, '--config is "none.json"', 'There is no file'],
  ])('refuses %j by the name of its source, and says what is allowed', (given, message, hint) => {
    const told = failure(() => loadConfig({ ...place, ...given }));
    expect(told.message).toContain(message);
    expect(told.hint).toContain(hint);
  });

  test('[STO10] warns of a password that stands on the command line', () => {
    const databaseUrl = 'postgres://me:geheim@db/x';
    const { config, warnings } = loadConfig({ ...place, flags: { databaseUrl } });
    expect(config.databaseUrl).toBe(databaseUrl);
    expect(warnings.join()).toMatch(/--database-url.*HEARTH_DATABASE_URL/);
    expect(warnings.join()).not.toContain('geheim');
    expect(loadConfig({ ...place, env: { HEARTH_DATABASE_URL: databaseUrl } }).warnings).toEqual([]);
    expect(loadConfig({ ...place, flags: { databaseUrl: 'postgres://me@db/x' } }).warnings).toEqual([]);
  });

  test('warns of a workspace that is not there', () => {
    const { warnings } = loadConfig({ ...place, flags: { workspace: [folder, join(folder, 'missing')] } });
    expect(warnings).toEqual([expect.stringContaining(join(folder, 'missing'))]);
  });

  test('reads a file as editors of other systems write it', async () => {
    await file('\uFEFF{\r\n  "port": 7\r\n}\r\n');
    expect(loadConfig(place).config.port).toBe(7);
  });

  test('[CFG2] refuses a file with an unknown key, and says which was meant', async () => {
    const path = await file({ prot: 1 });
    expect(failure(() => loadConfig(place))).toEqual({
      message: `${path} has the unknown key "prot".`,
      hint: 'Did you mean "port"?',
    });
  });

  test.each(['{"port":', '[]', 'null'])('refuses a file that holds %s', async (text) => {
    const path = await file(text);
    expect(failure(() => loadConfig(place)).message).toContain(path);
  });

  test('names the file of a wrong value, and never shows a secret', async () => {
    const path = await file({ token: 12_345 });
    const told = failure(() => loadConfig(place));
    expect(told.message).toContain(`"token" in ${path}`);
    expect(told.message).not.toContain('12345');
  });

  test('tells of names in the environment that are nearly right', () => {
    const { warnings } = loadConfig({ ...place, env: { HEARTH_DATADIR: '/x', HEARTH_URL: 'x', HEARTHSTONE: 'x' } });
    expect(warnings).toEqual(['HEARTH_DATADIR is not a setting. Did you mean HEARTH_DATA_DIR?']);
  });
});

describe('what is derived', () => {
  function fromArguments(...args: string[]): LoadedConfig {
    const command = addConfigFlags(new Command('serve')).parse(args, { from: 'user' });
    return loadConfig({ ...place, flags: command.opts() });
  }

  test('commander gives the flags under the keys that are looked for', () => {
    const { config } = fromArguments('--port', '9', '--workspace', '/a', '--allow-bypass-permissions');
    expect(config).toMatchObject({ port: 9, workspace: ['/a'], allowBypassPermissions: true });
  });

  test('a list is given by one flag with the separator of its variable, by a flag for each, and by both', () => {
    const several = ['--setting-sources', 'user, project', '--setting-sources', 'local'];
    const folders = ['--workspace', `/a${delimiter}/b`, '--workspace', '/c'];
    const separated = ['--retry-delays-ms', '15s,30s,1m', '--allowed-hosts', 'a.lan,b.lan:8443,[::1]:80,::1'];
    const { config } = fromArguments(...several, ...folders, ...separated);
    expect(config).toMatchObject({
      settingSources: ['user', 'project', 'local'],
      retryDelaysMs: [15_000, 30_000, 60_000],
      workspace: ['/a', '/b', '/c'],
      allowedHosts: ['a.lan', 'b.lan:8443', '[::1]:80', '::1'],
    });
  });

  test('a value of a list in the file stands for itself', async () => {
    await file({ workspace: [`/a${delimiter}b`] });
    expect(loadConfig(place).config.workspace).toEqual([`/a${delimiter}b`]);
    const path = await file({ allowedHosts: ['a.lan,b.lan'] });
    expect(failure(() => loadConfig(place)).message).toContain(`"allowedHosts" in ${path}`);
  });

  test('the owner’s token has no flag: command lines can be seen by others', () => {
    expect(configFlags().map(({ key }) => key)).not.toContain('token');
    expect(configurationMarkdown()).toMatch(/\| `token` +\| +\| `HEARTH_TOKEN`/);
  });

  test('[CFG3] docs/configuration.md is current', async () => {
    await expect(configurationMarkdown()).toMatchFileSnapshot('../../../../docs/configuration.md');
  });
});
