import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { HearthError } from '@hearth/protocol';
import type { SecretKey } from './secret-keys.ts';

const FORMAT = '1';
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Seals a text with AES-256-GCM: `1.<key id>.<iv>.<ciphertext and tag>`, base64url. It opens only for the same account, so
 * that nobody who can write to the database can give one account's secrets to another.
 */
export function seal(text: string, accountId: string, key: SecretKey): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key.bytes, iv).setAAD(bound(accountId));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return [FORMAT, key.id, iv.toString('base64url'), sealed.toString('base64url')].join('.');
}

/**
 * @param find gives the key of an id
 * @throws HearthError `agent_unavailable` that says why it does not open and what to do, and quotes nothing of it
 */
export function unseal(sealed: string, accountId: string, find: (keyId: string) => SecretKey | undefined): string {
  const [format, keyId = '', iv = '', body = ''] = sealed.split('.');
  if (format !== FORMAT) throw unopened('its secrets are in a form that this Hearth does not know');
  const key = find(keyId);
  if (key === undefined) throw unopened(`its secrets are sealed with the key ${keyId}, which is not here`);
  try {
    const bytes = Buffer.from(body, 'base64url');
    const decipher = createDecipheriv(CIPHER, key.bytes, Buffer.from(iv, 'base64url'), { authTagLength: TAG_BYTES })
      .setAAD(bound(accountId))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    // The cause would say no more: whatever is wrong with it, the tag does not fit.
    throw unopened('its sealed secrets are damaged');
  }
}

/** The id of the key that a text is sealed with. */
export function sealingKeyId(sealed: string): string {
  return sealed.split('.')[1] ?? '';
}

function bound(accountId: string): Buffer {
  return Buffer.from(accountId, 'utf8');
}

function unopened(why: string): HearthError {
  return new HearthError('agent_unavailable', `The account cannot be opened: ${why}.`, {
    hint: 'Put the key back (the file secret.key of the data directory, or HEARTH_SECRET_KEY) and reset the account, or give it its secrets anew.',
  });
}
