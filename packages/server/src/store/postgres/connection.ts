import type { SqlDatabase } from '../sql/database.ts';
import type { PostgresAddress } from './address.ts';
import { asUnsent, closedFailure, isFateUnknown, isPassing, storeFailure } from './failure.ts';
import { Fenced } from './fence.ts';
import type { Fence } from './fence.ts';
import { Landmark, markLost } from './landmark.ts';
import { Patience } from './patience.ts';
import { ConnectionPool } from './pool.ts';
import type { Queryable } from './pool.ts';

/** Connections for everything but commits and the lock, which have one each. */
const READERS = 8;
const CHECK_TIMEOUT_MS = 5_000;
const NOT_YET = Symbol('not yet');

/**
 * For a commit the plan is always the same: by index, row by row. The numbers that a planner goes by are those of empty
 * tables when a server starts with them.
 */
const COMMIT_SETTINGS = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  plan_cache_mode: 'force_generic_plan',
  jit: 'off',
};

export interface Bounds {
  /** How long reads and small changes wait for a database that is away, ms. */
  readPatienceMs: number;
  /** How long commits do, ms. */
  commitPatienceMs: number;
}

export interface Transaction<Result> {
  run(connection: Queryable): Promise<Result>;
  /** Whether what `run` did is there. Asked when the answer to the commit was lost, and not before it is decided. */
  wasDone(connection: Queryable, result: Result): Promise<boolean>;
}

/** The connections of one server to its database. */
export interface Connection extends SqlDatabase {
  readonly fence: Fence;
  readonly landmark: Landmark;
  /** Runs one statement of the log, alone and again until its fate is known; it must be one that may run twice. */
  readonly commit: <Row extends object>(statement: (epoch: number) => Promise<Row[]>) => Promise<Row[]>;
  readonly commits: Queryable;
  readonly queries: Queryable;
  /** A transaction under the fence that is done once or not at all, also when the connection is lost in it. */
  readonly transaction: <Result>(work: Transaction<Result>) => Promise<Result>;
  /** Writes and reads, once and soon. */
  readonly check: () => Promise<void>;
  close(): Promise<void>;
}

export function connect(address: PostgresAddress, fence: Fence, bounds: Bounds): Connection {
  const { name } = address;
  const pool = new ConnectionPool({ address, max: READERS });
  const landmark = new Landmark();
  const examine = async (connection: Queryable): Promise<void> => {
    const found = await landmark.lookIn(connection);
    // A session that is gone may have been deleted by the server that has taken over, of which the next write is told.
    if (found === 'there' || (found === 'gone' && (await fence.isTaken(connection)))) return;
    await markLost(connection);
    throw fence.lost();
  };
  fence.examineWith(examine);
  const commits = new ConnectionPool({
    address,
    max: 1,
    settings: COMMIT_SETTINGS,
    examine,
  });
  const checks = new ConnectionPool({
    address: { ...address, connectTimeoutMs: Math.min(address.connectTimeoutMs, CHECK_TIMEOUT_MS) },
    max: 1,
    answerTimeoutMs: CHECK_TIMEOUT_MS,
  });
  const db = pool.builder();
  const readPatience = new Patience(bounds.readPatienceMs);
  const commitPatience = new Patience(bounds.commitPatienceMs);
  let closed = false;

  /** @param mayRepeat says of a failure whether the same may be tried again */
  async function persist<Result>(
    patience: Patience,
    work: () => Result | Promise<Result>,
    mayRepeat: (error: unknown) => boolean,
  ): Promise<Result> {
    for (let tries = 0; ; tries += 1) {
      try {
        if (closed) throw closedFailure(name);
        const result = await work();
        patience.restored();
        return result;
      } catch (error) {
        // It answers: what it says is only that another number counts by now.
        if (error instanceof Fenced) patience.restored();
        const again = !closed && !patience.isSpent && mayRepeat(error) && (await patience.pause(tries));
        if (!again) throw storeFailure(error, name);
      }
    }
  }

  const query: SqlDatabase['query'] = (work) => persist(readPatience, work, isPassing);
  const write: SqlDatabase['write'] = (work) =>
    persist(readPatience, work, (error) => isPassing(error) && !isFateUnknown(error));

  /**
   * Failures that left open what became of a statement. Before anything else is written the fence is raised: what is still on
   * its way comes too late then.
   */
  let doubts = 0;
  let settledDoubts = 0;
  async function settle(): Promise<void> {
    const seen = doubts;
    if (seen === settledDoubts) return;
    await fence.renew(() => Promise.resolve(commits));
    settledDoubts = seen;
  }

  function mayWriteAgain(error: unknown): boolean {
    if (error instanceof Fenced) {
      // The number that this server itself has raised meanwhile is known by now; any other must be asked for.
      if (error.epoch === fence.epoch) doubts += 1;
      return true;
    }
    if (isFateUnknown(error)) doubts += 1;
    return isPassing(error);
  }

  async function attempt<Result>(work: Transaction<Result>): Promise<Result> {
    const tried = await tryOnce(work);
    if (!('lost' in tried)) return tried.done;
    doubts += 1;
    const wasDone = await persist(
      readPatience,
      async () => {
        await settle();
        return work.wasDone(pool, tried.done);
      },
      isPassing,
    );
    if (wasDone) return tried.done;
    throw asUnsent(tried.lost);
  }

  /**
   * @returns what came of it, and with which failure the answer to the commit was lost, if it was; by then the connection is
   * given back, because looking what became of it takes one, and all may have been lost at once
   */
  async function tryOnce<Result>(work: Transaction<Result>): Promise<{ done: Result; lost?: unknown }> {
    const connection = await pool.connect();
    let done: Result | typeof NOT_YET = NOT_YET;
    try {
      await connection.run({ text: 'begin' });
      const { epoch } = fence;
      const under = await connection.run({
        text: 'select 1 as held from writer where epoch = $1 for share',
        values: [epoch],
      });
      if (under.length === 0) throw new Fenced(epoch);
      done = await work.run(connection);
      await connection.run({ text: 'commit' });
      return { done };
    } catch (error) {
      if (!isFateUnknown(error)) await connection.run({ text: 'rollback' }).catch(() => {});
      // Without its commit a transaction leaves nothing behind.
      if (done === NOT_YET || !isFateUnknown(error)) throw asUnsent(error);
      return { done, lost: error };
    } finally {
      connection.release();
    }
  }

  return {
    db,
    name,
    fence,
    landmark,
    commits,
    queries: pool,
    query,
    write,
    commit: (statement) =>
      persist(
        commitPatience,
        async () => {
          await settle();
          return statement(fence.epoch);
        },
        mayWriteAgain,
      ),
    transaction: (work) =>
      persist(
        readPatience,
        async () => {
          await settle();
          return attempt(work);
        },
        mayWriteAgain,
      ),
    check: async () => {
      try {
        if (closed) throw closedFailure(name);
        const [row] = await checks.run({
          text: `with fence as materialized (select 1 from writer where epoch = $1 for share)
            insert into meta (name, value) select 'checked_at', $2 from fence
            on conflict (name) do update set value = excluded.value returning value`,
          values: [fence.epoch, new Date().toISOString()],
        });
        if (row === undefined) {
          doubts += 1;
          await settle();
        }
      } catch (error) {
        throw storeFailure(error, name);
      }
    },
    close: async () => {
      closed = true;
      await Promise.all([pool.end(), commits.end(), checks.end()]);
    },
  };
}
