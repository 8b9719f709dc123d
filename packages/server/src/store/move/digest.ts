import { createHash } from 'node:crypto';
import { HearthError } from '@hearth/protocol';
import type { Row } from './tables.ts';

const WORDS = 8;

/** What a table holds, in short. */
export interface TableDigest {
  rows: number;
  /** 256 bits, as hex. */
  hash: string;
}

/**
 * Sums up the rows of a table as they are read. The hash is the sum of the rows' own SHA-256, word by word, so it does not
 * depend on their order: the databases order texts with U+0000 differently, because PostgreSQL holds them encoded.
 */
export class Digest {
  readonly #sum = new Uint32Array(WORDS);
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  /** @throws HearthError for a number that JavaScript, and so this program, cannot hold exactly */
  add(row: Row): void {
    for (const value of row) {
      if (typeof value === 'number' && !Number.isSafeInteger(value)) {
        throw new HearthError('internal', `A row holds the number ${value}, which Hearth did not write.`, {
          hint: 'Another program has changed the database. Put a backup in its place.',
        });
      }
    }
    const hash = createHash('sha256').update(JSON.stringify(row)).digest();
    for (let word = 0; word < WORDS; word += 1) {
      this.#sum[word] = (this.#sum[word] ?? 0) + hash.readUInt32BE(word * 4);
    }
    this.#rows += 1;
  }

  result(): TableDigest {
    const hash = Array.from(this.#sum, (word) => word.toString(16).padStart(8, '0')).join('');
    return { rows: this.#rows, hash };
  }
}
