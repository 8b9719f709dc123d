import { HearthError } from '@hearth/protocol';
import { beforeAll, expect, test } from 'vitest';
import { COST_BITS, pack, unpack } from './transfer.ts';
import type { TravellingAccount } from './transfer.ts';

const PASSPHRASE = 'correct horse battery';
const ACCOUNT: TravellingAccount = {
  id: 'a',
  agent: 'claude',
  kind: 'oauth',
  label: 'mine',
  priority: 100,
  enabled: true,
  models: ['claude-*'],
  baseUrl: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-02T00:00:00.000Z',
  secrets: { kind: 'oauth', accessToken: 'access-secret', refreshToken: 'refresh-secret', expiresAtMs: 5 },
};

let data: string;

beforeAll(async () => {
  data = await pack([ACCOUNT], PASSPHRASE, 12);
});

async function failure(attempt: Promise<unknown>): Promise<HearthError> {
  const error = await attempt.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(HearthError);
  return error as HearthError;
}

test('[ACC7] an export opens with its passphrase, however it is typed and wrapped', async () => {
  expect(await unpack(`\n${data}\n`, PASSPHRASE)).toEqual([ACCOUNT]);
  expect(data).toMatch(/^hearth-accounts-1\.12\.[\w-]+\.[\w-]+\.[\w-]+$/);
  expect(Buffer.from(data.split('.').at(-1) ?? '', 'base64url').toString('latin1')).not.toContain('secret');
  expect(COST_BITS).toBe(17);
  const accented = await pack([], 'Grüße aus Köln', 12);
  expect(await unpack(accented, 'Grüße aus Köln'.normalize('NFD'))).toEqual([]);
});

test('[ACC7] it opens with no other passphrase, and not when it was changed', async () => {
  const wrong = await failure(unpack(data, 'correct horse batterY'));
  expect(wrong).toMatchObject({ code: 'invalid_request', issues: [{ path: 'passphrase' }] });
  const [format, , ...rest] = data.split('.');
  for (const changed of [`${data.slice(0, -9)}AAAAAAAAA`, [format, '11', ...rest].join('.')]) {
    expect((await failure(unpack(changed, PASSPHRASE))).message).toMatch(
      /passphrase is wrong, or the export was changed/,
    );
  }
});

test('[ACC7] what is no export is refused before anything is spent on it', async () => {
  const [format, , ...rest] = data.split('.');
  const others = ['x', '', 'hearth-accounts-2.17.a.b.c', `${data}.more`, [format, '60', ...rest].join('.')];

  for (const other of others) {
    expect(await failure(unpack(other, PASSPHRASE))).toMatchObject({
      code: 'invalid_request',
      issues: [{ path: 'data' }],
    });
  }
});
