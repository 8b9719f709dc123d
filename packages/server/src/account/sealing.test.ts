import { createHash, randomBytes } from 'node:crypto';
import { HearthError } from '@hearth/protocol';
import { expect, test } from 'vitest';
import { seal, sealingKeyId, unseal } from './sealing.ts';
import type { SecretKey } from './secret-keys.ts';

function aKey(): SecretKey {
  const bytes = randomBytes(32);
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes };
}

function among(...keys: SecretKey[]): (id: string) => SecretKey | undefined {
  return (id) => keys.find((key) => key.id === id);
}

function failure(attempt: () => unknown): HearthError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof HearthError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

test('[ACC4] what was sealed opens with its key, and is never sealed the same way twice', () => {
  const key = aKey();

  const sealed = ['', 'sk-secret', 'ü \u0000 “quoted”', 'x'.repeat(10_000)].map((text) => seal(text, 'a', key));

  expect(sealed.map((text) => unseal(text, 'a', among(aKey(), key)))).toEqual([
    '',
    'sk-secret',
    'ü \u0000 “quoted”',
    'x'.repeat(10_000),
  ]);
  expect(sealed[1]).toMatch(/^1\.[\da-f]{8}\.[\w-]{16}\.[\w-]+$/);
  expect(sealed[1]).not.toContain('sk-secret');
  expect(sealingKeyId(sealed[1] ?? '')).toBe(key.id);
  expect(seal('same', 'a', key)).not.toBe(seal('same', 'a', key));
});

test('[ACC4] what was sealed for one account does not open for another', () => {
  const key = aKey();
  const sealed = seal('sk-secret', 'a', key);

  expect(failure(() => unseal(sealed, 'b', among(key)))).toMatchObject({ code: 'agent_unavailable' });
});

test('[ACC4] every changed character is noticed', () => {
  const key = aKey();
  const sealed = seal('sk-secret', 'a', key);

  for (let at = 0; at < sealed.length; at += 1) {
    const flipped = Buffer.from(sealed);
    flipped[at] = flipped[at] === 0x41 ? 0x47 : 0x41;
    const changed = flipped.toString();
    // The last character of base64url may have bits that stand for nothing.
    if (at === sealed.length - 1 && sameBytes(changed, sealed)) continue;
    const error = failure(() => unseal(changed, 'a', among(key)));
    expect(error.code).toBe('agent_unavailable');
    expect(`${error.message} ${error.hint} ${String(error.cause)}`).not.toContain('sk-secret');
  }
  expect(failure(() => unseal('', 'a', among(key))).message).toMatch(/a form that this Hearth does not know/);
  expect(failure(() => unseal(sealed.slice(0, 20), 'a', among(key))).code).toBe('agent_unavailable');
});

test('[ACC4] a key that is not here is named, with what to do', () => {
  const key = aKey();

  const error = failure(() => unseal(seal('sk-secret', 'a', key), 'a', among(aKey())));

  expect(error.message).toContain(key.id);
  expect(error.hint).toContain('secret.key');
});

function sameBytes(a: string, b: string): boolean {
  const [left = '', right = ''] = [a, b].map((text) => text.split('.').at(-1));
  return Buffer.from(left, 'base64url').equals(Buffer.from(right, 'base64url'));
}
