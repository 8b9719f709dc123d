import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HearthError } from '@hearth/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SecretKeys } from './secret-keys.ts';

const HEX = '0123456789abcdef'.repeat(4);
const BASE64 = Buffer.from('ff'.repeat(32), 'hex').toString('base64');

let directory: string;
let dataDir: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hearth-keys-'));
  dataDir = join(directory, 'data');
  file = join(dataDir, 'secret.key');
});

afterEach(() => rmSync(directory, { recursive: true }));

function failure(configured?: string): HearthError {
  try {
    throw new Error(`it did not fail: ${new SecretKeys({ dataDir, configured }).source}`);
  } catch (error) {
    if (error instanceof HearthError) return error;
    throw error;
  }
}

test('[ACC5] the file is made when something is sealed first, for its owner alone, and leaves nothing beside it', () => {
  const keys = new SecretKeys({ dataDir });
  expect(existsSync(dataDir)).toBe(false);

  const key = keys.current();

  expect(key.bytes).toHaveLength(32);
  expect(key.id).toMatch(/^[\da-f]{8}$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  expect(readdirSync(dataDir)).toEqual(['secret.key']);
  expect(keys.current()).toBe(key);
  expect(new SecretKeys({ dataDir }).current()).toEqual(key);
});

test('[ACC5] two servers that make it at once have the same key', () => {
  const [one, two] = [new SecretKeys({ dataDir }), new SecretKeys({ dataDir })];

  expect(one.current()).toEqual(two.current());
  expect(readdirSync(dataDir)).toEqual(['secret.key']);
});

test('[ACC5] a file that others may read is refused, with what to do', () => {
  new SecretKeys({ dataDir }).current();

  for (const mode of [0o640, 0o604, 0o660, 0o644]) {
    chmodSync(file, mode);
    const error = failure();
    expect(error.code).toBe('invalid_request');
    expect(error.message).toContain(file);
    expect(error.hint).toContain(`chmod 600 ${file}`);
  }
  chmodSync(file, 0o400);
  expect(new SecretKeys({ dataDir }).current().bytes).toHaveLength(32);
});

test('[ACC5] a file without a usable key is refused and never replaced', () => {
  new SecretKeys({ dataDir }).current();

  for (const text of ['', '\n', 'not a key\n', `${HEX}\n${HEX.slice(1)}\n`]) {
    writeFileSync(file, text);
    const error = failure();
    expect(error).toMatchObject({ code: 'invalid_request' });
    expect(`${error.message} ${error.hint}`).not.toContain(HEX.slice(1));
    expect(readFileSync(file, 'utf8')).toBe(text);
  }
});

test('[ACC5] configured keys are hex or base64; the first seals, all open, and no file is made', () => {
  const keys = new SecretKeys({ dataDir, configured: `${HEX}, ${BASE64}` });

  const first = keys.current();
  expect(first.bytes.toString('hex')).toBe(HEX);
  expect(keys.renewable).toBe(false);
  expect(keys.renew()).toBe(first);
  keys.dropOld();
  const second = new SecretKeys({ dataDir, configured: BASE64 }).current();
  expect(second.bytes.toString('hex')).toBe('ff'.repeat(32));
  expect(keys.find(second.id)).toEqual(second);
  expect(keys.find('00000000')).toBeUndefined();
  expect(existsSync(file)).toBe(false);
});

test('[ACC5] a configured key that is none is refused without being shown', () => {
  for (const wrong of [HEX.slice(2), `${HEX},secret-words`, 'z'.repeat(64), ',']) {
    const error = failure(wrong);
    expect(error.message).toBe('HEARTH_SECRET_KEY holds no usable key.');
    expect(`${error.message} ${error.hint}`).not.toContain('secret-words');
  }
});

test('[ACC6] a new key comes first, the old ones open until they are dropped', () => {
  const keys = new SecretKeys({ dataDir });
  const first = keys.current();

  const second = keys.renew();

  expect(keys.current()).toEqual(second);
  expect(keys.find(first.id)).toEqual(first);
  expect(readFileSync(file, 'utf8').trim().split('\n')).toEqual(
    [second, first].map(({ bytes }) => bytes.toString('hex')),
  );
  expect(statSync(file).mode & 0o777).toBe(0o600);
  keys.dropOld();
  expect(keys.find(first.id)).toBeUndefined();
  expect(new SecretKeys({ dataDir }).current()).toEqual(second);
  expect(readdirSync(dataDir)).toEqual(['secret.key']);
});

test('[ACC6] a key that another process made is found', () => {
  const here = new SecretKeys({ dataDir });
  here.current();
  const there = new SecretKeys({ dataDir }).renew();

  expect(here.find(there.id)).toEqual(there);
  expect(here.current()).toEqual(there);
});
