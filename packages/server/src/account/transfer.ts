import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { accountAgentSchema, accountKindSchema, HearthError } from '@hearth/protocol';
import { z } from 'zod';

const FORMAT = 'hearth-accounts-1';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** 2^17 with blocks of 1 kB: 128 MB and some tenths of a second for each passphrase that somebody tries. */
export const COST_BITS = 17;
/** What a foreign file may make this server spend. */
const MAX_COST_BITS = 18;
const BLOCK_SIZE = 8;

const secretsSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('api_key'), apiKey: z.string() }),
  z.object({
    kind: z.literal('oauth'),
    accessToken: z.string(),
    refreshToken: z.string().exactOptional(),
    expiresAtMs: z.number().exactOptional(),
  }),
  z.object({ kind: z.literal('gateway'), token: z.string() }),
]);

/** An account on its way from one server to another. Its health stays: it is seen anew where it is used. */
const travellingAccountSchema = z.object({
  id: z.string().min(1).max(200),
  agent: accountAgentSchema,
  kind: accountKindSchema,
  label: z.string(),
  priority: z.int(),
  enabled: z.boolean(),
  models: z.array(z.string()).nullable(),
  baseUrl: z.string().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  secrets: secretsSchema,
});

export type TravellingAccount = z.infer<typeof travellingAccountSchema>;

/**
 * Seals accounts with a passphrase: `hearth-accounts-1.<cost>.<salt>.<iv>.<ciphertext and tag>`, the key by scrypt, the
 * rest AES-256-GCM.
 */
export async function pack(
  accounts: readonly TravellingAccount[],
  passphrase: string,
  costBits: number = COST_BITS,
): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const iv = randomBytes(IV_BYTES);
  const head = [FORMAT, String(costBits), salt.toString('base64url'), iv.toString('base64url')].join('.');
  const cipher = createCipheriv(CIPHER, await derive(passphrase, salt, costBits), iv).setAAD(Buffer.from(head));
  const text = JSON.stringify(accounts);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${head}.${sealed.toString('base64url')}`;
}

/** @throws HearthError `invalid_request` when it is no export, was damaged, or has another passphrase */
export async function unpack(data: string, passphrase: string): Promise<TravellingAccount[]> {
  const parts = data.trim().split('.');
  const [format, cost = '', salt = '', iv = '', body = ''] = parts;
  const bits = Number(cost);
  if (format !== FORMAT || parts.length !== 5 || !Number.isInteger(bits) || bits < 10 || bits > MAX_COST_BITS) {
    throw new HearthError('invalid_request', 'This is no export of accounts that this Hearth can read.', {
      hint: 'Give what account.export answered, whole; one of a newer Hearth needs that Hearth.',
      issues: [{ path: 'data', message: 'Is no export of accounts.' }],
    });
  }
  const key = await derive(passphrase, Buffer.from(salt, 'base64url'), bits);
  const head = parts.slice(0, -1).join('.');
  let text: string;
  try {
    const bytes = Buffer.from(body, 'base64url');
    const decipher = createDecipheriv(CIPHER, key, Buffer.from(iv, 'base64url'), { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(head))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    text = Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    // The cause would say no more: whatever is wrong, the tag does not fit.
    throw new HearthError('invalid_request', 'The passphrase is wrong, or the export was changed.', {
      hint: 'Give the passphrase of the export.',
      issues: [{ path: 'passphrase', message: 'Does not open the export.' }],
    });
  }
  return z.array(travellingAccountSchema).parse(JSON.parse(text));
}

function derive(passphrase: string, salt: Buffer, costBits: number): Promise<Buffer> {
  const cost = 2 ** costBits;
  const options = { N: cost, r: BLOCK_SIZE, p: 1, maxmem: 2 * 128 * cost * BLOCK_SIZE };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
