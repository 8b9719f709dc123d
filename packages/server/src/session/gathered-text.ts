const FIRST_BYTES = 256;
/** Room beyond a byte per unit: a text that is not ASCII needs more of it, and is known by that. */
const SPARE_BYTES = 4;
const BYTES_PER_UNIT = { latin1: 1, utf16le: 2 };

/** A piece of memory that the texts which continue each other share: each owns a part from its beginning. */
interface Chunk {
  /** All that stands before this chunk. */
  readonly before: GatheredText;
  readonly encoding: keyof typeof BYTES_PER_UNIT;
  readonly bytes: Buffer;
  /** What is owned by the longest of the texts. */
  used: number;
}

/**
 * Text that grows at its end, in bytes outside the heap of objects: of a string that is joined by `+` each piece stays an
 * object, and collections of garbage copy and mark all of them as long as the text grows. Like a string it never changes:
 * what was appended to is still what it was. ASCII takes a byte per unit; from the first other letter on it is two.
 */
export class GatheredText {
  /** In UTF-16 code units, as that of a string. */
  readonly length: number;
  readonly #chunk: Chunk | null;

  constructor(length = 0, chunk: Chunk | null = null) {
    this.length = length;
    this.#chunk = chunk;
  }

  append(text: string): GatheredText {
    if (this.#chunk?.encoding !== 'utf16le') {
      const room = text.length + SPARE_BYTES;
      const chunk = this.#chunkWith('latin1', room);
      const written = chunk.bytes.write(text, chunk.used, room, 'utf8');
      if (written === text.length) return this.#grown(chunk, written);
    }
    const bytes = text.length * BYTES_PER_UNIT.utf16le;
    const chunk = this.#chunkWith('utf16le', bytes);
    chunk.bytes.write(text, chunk.used, bytes, 'utf16le');
    return this.#grown(chunk, bytes);
  }

  toString(): string {
    const chunk = this.#chunk;
    if (chunk === null) return '';
    return chunk.before.toString() + chunk.bytes.toString(chunk.encoding, 0, this.#owned(chunk));
  }

  /** A chunk that ends where this text does, with room: a further one is as large as all that there is. */
  #chunkWith(encoding: Chunk['encoding'], room: number): Chunk {
    const chunk = this.#chunk;
    const goesOn = chunk?.encoding === encoding && chunk.used === this.#owned(chunk);
    if (goesOn && chunk.bytes.length - chunk.used >= room) return chunk;
    const size = Math.max(FIRST_BYTES, room, this.length * BYTES_PER_UNIT[encoding]);
    return { before: this, encoding, bytes: Buffer.allocUnsafe(size), used: 0 };
  }

  #owned({ before, encoding }: Chunk): number {
    return (this.length - before.length) * BYTES_PER_UNIT[encoding];
  }

  #grown(chunk: Chunk, bytes: number): GatheredText {
    chunk.used += bytes;
    return new GatheredText(this.length + bytes / BYTES_PER_UNIT[chunk.encoding], chunk);
  }
}
