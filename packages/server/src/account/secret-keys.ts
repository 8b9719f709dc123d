import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { HearthError } from '@hearth/protocol';

const KEY_BYTES = 32;
const ID_CHARACTERS = 8;

/** A key of 256 bits. Its id is the beginning of its SHA-256 and may be shown. */
export interface SecretKey {
  readonly id: string;
  readonly bytes: Buffer;
}

export interface SecretKeysOptions {
  dataDir: string;
  /** One or several keys, as hex or base64 and separated by commas: the first seals, all open. Instead of the file. */
  configured?: string | undefined;
}

/**
 * The keys that seal secrets at rest: configured ones, else those of `<dataDir>/secret.key` (mode 0600; one per line, the
 * first is current), which is made when something is sealed for the first time. They are never in the database, so that a
 * copy of it gives nothing away. Synchronous, because the file is tiny and what it says is needed at once.
 */
export class SecretKeys {
  /** Where they are, for people. */
  readonly source: string;
  readonly #file: string | null;
  #keys: readonly SecretKey[];

  /** @throws HearthError when a configured key is none, or the file cannot be used or read by others than its owner */
  constructor({ dataDir, configured }: SecretKeysOptions) {
    this.#file = configured === undefined ? join(dataDir, 'secret.key') : null;
    this.source = this.#file ?? 'HEARTH_SECRET_KEY';
    this.#keys = configured === undefined ? this.#read() : parse(configured.split(','), this.source);
    if (configured !== undefined && this.#keys.length === 0) throw noKey(this.source);
  }

  /** Whether `renew` makes a new key; else the keys are configured, and somebody has to put a new one first. */
  get renewable(): boolean {
    return this.#file !== null;
  }

  /** The key that seals; the first time it is made. Another process may have put a new one first, and dropped this one. */
  current(): SecretKey {
    this.#keys = this.#newest();
    const [known] = this.#keys;
    if (known !== undefined) return known;
    this.#keys = this.#make();
    return this.#keys[0] as SecretKey;
  }

  /** The key of that id. One that is new to this process may have come from another one. */
  find(id: string): SecretKey | undefined {
    const known = this.#keys.find((key) => key.id === id);
    if (known !== undefined || this.#file === null) return known;
    this.#keys = this.#read();
    return this.#keys.find((key) => key.id === id);
  }

  /** Puts a new key first; the old ones open as before. With configured keys the first one stays. */
  renew(): SecretKey {
    if (this.#file === null) return this.current();
    this.#keys = [newKey(), ...this.#read()];
    this.#replace(this.#file);
    return this.current();
  }

  /** Forgets every key but the current one. Configured keys are dropped by whoever configured them. */
  dropOld(): void {
    if (this.#file === null) return;
    this.#keys = this.#keys.slice(0, 1);
    this.#replace(this.#file);
  }

  /** What is known stays good when the file is gone, or cannot be read now. */
  #newest(): readonly SecretKey[] {
    try {
      const read = this.#read();
      return read.length === 0 || read[0]?.id === this.#keys[0]?.id ? this.#keys : read;
    } catch (error) {
      if (this.#keys.length === 0) throw error;
      return this.#keys;
    }
  }

  #read(): SecretKey[] {
    const file = this.#file;
    if (file === null) return [...this.#keys];
    return withFile(file, () => {
      let descriptor: number;
      try {
        descriptor = openSync(file, 'r');
      } catch (error) {
        if (isErrno(error, 'ENOENT')) return [];
        throw error;
      }
      try {
        refuseOpenToOthers(fstatSync(descriptor).mode, file);
        const keys = parse(readFileSync(descriptor, 'utf8').split('\n'), file);
        if (keys.length === 0) throw noKey(file);
        return keys;
      } finally {
        closeSync(descriptor);
      }
    });
  }

  /** Two servers that start at once end up with the same key. */
  #make(): SecretKey[] {
    const file = this.#file as string;
    return withFile(file, () => {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const made = [newKey()];
      const draft = writeDraft(file, made);
      try {
        linkSync(draft, file);
        syncDirectory(file);
        return made;
      } catch (error) {
        if (!isErrno(error, 'EEXIST')) throw error;
        return this.#read();
      } finally {
        rmSync(draft, { force: true });
      }
    });
  }

  #replace(file: string): void {
    withFile(file, () => {
      const draft = writeDraft(file, this.#keys);
      renameSync(draft, file);
      syncDirectory(file);
    });
  }
}

function newKey(): SecretKey {
  return toKey(randomBytes(KEY_BYTES));
}

function toKey(bytes: Buffer): SecretKey {
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, ID_CHARACTERS), bytes };
}

function parse(texts: string[], source: string): SecretKey[] {
  return texts
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => {
      const hex = /^[\da-f]{64}$/i.test(text);
      const base64 = /^[\w+/-]{43}=?$/.test(text);
      if (!hex && !base64) throw noKey(source);
      return toKey(Buffer.from(text, hex ? 'hex' : 'base64'));
    });
}

/** On the disk before anything is sealed with it. */
function writeDraft(file: string, keys: readonly SecretKey[]): string {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const descriptor = openSync(draft, 'wx', 0o600);
  try {
    writeSync(descriptor, keys.map((key) => `${key.bytes.toString('hex')}\n`).join(''));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return draft;
}

function syncDirectory(file: string): void {
  const descriptor = openSync(dirname(file), 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function refuseOpenToOthers(mode: number, file: string): void {
  if ((mode & 0o077) === 0) return;
  throw new HearthError(
    'invalid_request',
    `Others than its owner may read ${file}, which holds the key of all accounts.`,
    {
      hint: `Run: chmod 600 ${file}. If somebody may have read it, run hearth accounts rotate-key, and renew the accounts' secrets.`,
    },
  );
}

function noKey(source: string): HearthError {
  return new HearthError('invalid_request', `${source} holds no usable key.`, {
    hint: 'A key is 32 bytes as hex (64 characters) or base64; make one with: openssl rand -hex 32.',
  });
}

function withFile<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof HearthError) throw cause;
    throw new HearthError('internal', `The key of the accounts in ${file} can be neither read nor made.`, {
      hint: 'Check who owns the data directory and that the disk has room, or set HEARTH_SECRET_KEY.',
      cause,
    });
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
