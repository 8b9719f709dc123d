import { HearthError } from '@hearth/protocol';
import type { Queryable } from './pool.ts';

/** Who a server says that it is, to whoever finds its lock. */
export interface Holder {
  /** Unique to this opening of the store. */
  id: string;
  described: string;
}

/** What a statement throws that found another epoch than its own. Nothing was written by it. */
export class Fenced extends Error {
  readonly epoch: number;

  constructor(epoch: number) {
    super(`epoch ${epoch} is over`);
    this.epoch = epoch;
  }
}

/**
 * The number under which this server writes. The one row of the table `writer` says which number counts; every statement
 * that writes reads it FOR SHARE, in the same transaction, and writes nothing under another one. So two things are sure once the
 * number has been raised: what was sent before under the old one has been done or never will be, and a server that has
 * lost its lock without knowing can write nothing.
 */
export class Fence {
  readonly #holder: Holder;
  readonly #name: string;
  #epoch = 0;
  #deposed: HearthError | null = null;
  #renewal: Promise<void> | null = null;
  #onDeposed: (error: HearthError) => void;
  #examine: (connection: Queryable) => Promise<void> = () => Promise.resolve();

  /** @param name of the database */
  constructor(holder: Holder, name: string, onDeposed: (error: HearthError) => void) {
    this.#holder = holder;
    this.#name = name;
    this.#onDeposed = onDeposed;
  }

  /** @throws HearthError when another server has taken over */
  get epoch(): number {
    if (this.#deposed !== null) throw this.#deposed;
    return this.#epoch;
  }

  get deposed(): HearthError | null {
    return this.#deposed;
  }

  /** Has the database behind a connection looked at before the number is raised there: what that throws is why it is not. */
  examineWith(examine: (connection: Queryable) => Promise<void>): void {
    this.#examine = examine;
  }

  /** Makes this server the one that writes. Only the holder of the lock may do so. */
  async take(connection: Queryable): Promise<void> {
    const [row] = await connection.run<{ epoch: number }>({
      text: `insert into writer (epoch, holder, described) values (1, $1, $2)
        on conflict (only_row) do update set epoch = writer.epoch + 1, holder = excluded.holder,
          described = excluded.described
        returning epoch`,
      values: [this.#holder.id, this.#holder.described],
    });
    this.#epoch = row?.epoch ?? 0;
  }

  /** Whether another server has taken the database behind this connection since this one raised its number. */
  async isTaken(connection: Queryable): Promise<boolean> {
    const taken = await connection.run({
      text: 'select 1 as taken from writer where holder <> $1 and epoch > $2',
      values: [this.#holder.id, this.#epoch],
    });
    return taken.length > 0;
  }

  /**
   * Raises the number after a failure that left it open what became of a statement. It may be repeated: the row is known
   * by its holder. Several callers at once share one renewal.
   * @throws HearthError when another server has taken over
   */
  renew(connect: () => Promise<Queryable>): Promise<void> {
    this.#renewal ??= this.#raise(connect).finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  async #raise(connect: () => Promise<Queryable>): Promise<void> {
    if (this.#deposed !== null) throw this.#deposed;
    const connection = await connect();
    await this.#examine(connection);
    const [row] = await connection.run<{ epoch: number }>({
      text: 'update writer set epoch = epoch + 1 where holder = $1 returning epoch',
      values: [this.#holder.id],
    });
    if (row === undefined) throw await this.#depose(connection);
    this.#epoch = row.epoch;
  }

  async #depose(connection: Queryable): Promise<HearthError> {
    const other = await writerOf(connection);
    const error = new HearthError(
      'internal',
      `Another Hearth server (${other ?? 'unknown'}) has taken over the database ${this.#name}; this one writes no more.`,
      { hint: 'Use that server, or end it and start this one again.' },
    );
    return this.#end(error);
  }

  /**
   * Ends this server's writing because its database went back to before what it had confirmed: going on would leave a hole
   * where clients have seen events.
   */
  lost(): HearthError {
    if (this.#deposed !== null) return this.#deposed;
    const error = new HearthError(
      'internal',
      `The database ${this.#name} has lost what it had confirmed as stored; this server writes no more.`,
      {
        hint: 'A standby that was behind may have taken over, or an earlier state was put back. Start Hearth again: sessions go on from what the database has, and say so. Replicate synchronously to lose nothing.',
      },
    );
    return this.#end(error);
  }

  #end(error: HearthError): HearthError {
    this.#deposed = error;
    this.#onDeposed(error);
    return error;
  }
}

/** How the server describes itself that wrote last. */
export async function writerOf(connection: Queryable): Promise<string | undefined> {
  const [row] = await connection.run<{ described: string }>({ text: 'select described from writer' });
  return row?.described;
}
