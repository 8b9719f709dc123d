import { createHash } from 'node:crypto';
import { HearthError } from '@hearth/protocol';
import type { StoreLog } from '../store-log.ts';
import type { PostgresAddress } from './address.ts';
import { isPassing } from './failure.ts';
import { writerOf } from './fence.ts';
import type { Fence } from './fence.ts';
import { openClient } from './pool.ts';
import type { OpenClient } from './pool.ts';

/** A server that was killed holds its lock until PostgreSQL has seen that its connection is gone. */
const TAKE_TIMEOUT_MS = 5_000;
const TAKE_AGAIN_MS = 100;
const SIGN_OF_LIFE_MS = 5_000;
const SIGN_OF_LIFE_TIMEOUT_MS = 10_000;
const RECONNECT_MS = 1_000;

/**
 * Keeps a second server away from a schema: an advisory lock of PostgreSQL's, held by a connection that does nothing
 * else, so that it goes with the process however that ends. The lock says who may start; what makes a server that lost it harmless is
 * the fence.
 */
export class WriterLock {
  readonly #address: PostgresAddress;
  readonly #fence: Fence;
  readonly #log: StoreLog | undefined;
  #client: OpenClient;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  private constructor(address: PostgresAddress, fence: Fence, client: OpenClient, log: StoreLog | undefined) {
    this.#address = address;
    this.#fence = fence;
    this.#log = log;
    this.#client = client;
  }

  /**
   * @returns the lock, whose connection may do what only its holder may
   * @throws HearthError that names the server which holds it
   */
  static async take(
    address: PostgresAddress,
    fence: Fence,
    log: StoreLog | undefined,
  ): Promise<{ lock: WriterLock; client: OpenClient }> {
    const client = await openClient(address, SIGN_OF_LIFE_TIMEOUT_MS);
    try {
      const end = performance.now() + TAKE_TIMEOUT_MS;
      while (!(await tryLock(client, address))) {
        if (performance.now() > end) throw await heldFailure(client, address);
        await pause(TAKE_AGAIN_MS);
      }
    } catch (error) {
      await client.end();
      throw error;
    }
    return { lock: new WriterLock(address, fence, client, log), client };
  }

  /** From now on the lock looks after itself, and is taken again when its connection is lost. */
  watch(): void {
    const { lost } = this.#client;
    void lost.then(() => this.#regain());
    this.#timer = setTimeout(() => void this.#look(), SIGN_OF_LIFE_MS);
  }

  async release(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#client.end();
  }

  async #look(): Promise<void> {
    const client = this.#client;
    try {
      await client.run({ text: 'select 1' });
      if (!this.#closed) this.#timer = setTimeout(() => void this.#look(), SIGN_OF_LIFE_MS);
    } catch {
      // Ending it makes it lost, whatever state it was in.
      await client.end();
      void this.#regain();
    }
  }

  /** Until it is there again the server goes on writing, for as long as nobody else has taken the fence. */
  async #regain(): Promise<void> {
    const former = this.#client;
    clearTimeout(this.#timer);
    if (this.#closed) return;
    this.#log?.warn({ database: this.#address.name }, 'lost the connection that holds the lock of the database');
    while (!this.#closed && this.#fence.deposed === null && this.#client === former) {
      try {
        await this.#tryAgain(former);
      } catch (error) {
        if (!isPassing(error)) this.#log?.warn({ err: error }, 'the lock of the database could not be taken again');
      }
      if (this.#client === former) await pause(RECONNECT_MS);
    }
  }

  async #tryAgain(former: OpenClient): Promise<void> {
    const client = await openClient(this.#address, SIGN_OF_LIFE_TIMEOUT_MS);
    try {
      const isMine = await tryLock(client, this.#address);
      // Whoever holds it now may be what is left of the lost connection, or a server that took over; the fence knows.
      await this.#fence.renew(() => Promise.resolve(client));
      if (!isMine || this.#closed || this.#client !== former) return await client.end();
      this.#client = client;
      this.#log?.info({ database: this.#address.name }, 'holds the lock of the database again');
      this.watch();
    } catch (error) {
      await client.end();
      throw error;
    }
  }
}

/** What the lock of a schema is called; as text, because numbers of 64 bits are not safe in JavaScript. */
export function lockNumber({ schema }: Pick<PostgresAddress, 'schema'>): string {
  return createHash('sha256').update(`hearth ${schema}`).digest().readBigInt64BE().toString();
}

async function tryLock(client: OpenClient, address: PostgresAddress): Promise<boolean> {
  const [row] = await client.run<{ mine: boolean }>({
    text: 'select pg_try_advisory_lock($1::bigint) as mine',
    values: [lockNumber(address)],
  });
  return row?.mine === true;
}

async function heldFailure(client: OpenClient, { name }: PostgresAddress): Promise<HearthError> {
  const who = await writerOf(client).catch(() => undefined);
  return new HearthError('internal', `Another Hearth server (${who ?? 'unknown'}) uses the database ${name} already.`, {
    hint: 'Use that server, or end it first, or choose another schema (?schema=…) or database.',
  });
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}
