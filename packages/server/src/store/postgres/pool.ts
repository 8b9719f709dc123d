import { callbackify } from 'node:util';
import { HearthError } from '@hearth/protocol';
import { Kysely, PostgresDialect } from 'kysely';
import type { PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { Client, Pool, types } from 'pg';
import type { ClientBase, ClientConfig, PoolClient } from 'pg';
import type { Tables } from '../schema.ts';
import type { PostgresAddress } from './address.ts';
import { asUnanswered, asUnsent, isOfStandby, Unanswered } from './failure.ts';
import type { Hosts } from './hosts.ts';
import { decodeText, encodeParameter } from './text.ts';

/** Bounds that the database itself keeps, ms. */
const STATEMENT_TIMEOUT_MS = 30_000;
const LOCK_TIMEOUT_MS = 10_000;
const IDLE_IN_TRANSACTION_MS = 30_000;
/** Past the database's own bound an answer is not on its way any more. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 5_000;
/** A machine that is gone without a word is noticed on both ends after some 25 s. */
const KEEPALIVES = { tcp_keepalives_idle: 10, tcp_keepalives_interval: 5, tcp_keepalives_count: 3 };
const IDLE_CONNECTION_MS = 60_000;
/** A server that stands still does not even take a good-bye. */
const GOODBYE_MS = 2_000;

const INT8 = 20;
const TEXT = 25;
const NUMERIC = 1700;

/** A statement; with a name it is prepared once per connection. */
export interface Statement {
  name?: string;
  text: string;
  values?: readonly unknown[];
}

/** Runs statements, one after the other, on one connection. */
export interface Queryable {
  run<Row extends object>(statement: Statement): Promise<Row[]>;
}

/** What Kysely needs of a connection. */
export interface PoolConnection extends Queryable {
  query(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<never>>;
  release(): void;
}

export interface PoolOptions {
  address: PostgresAddress;
  /** Connections at once. */
  max: number;
  /** Further settings of the session. */
  settings?: Readonly<Record<string, string>>;
  /** Bound on one answer; default 35 s. */
  answerTimeoutMs?: number;
  /** Looks at each new connection before it is used; what it throws is thrown to whoever wanted one. */
  examine?: (connection: Queryable) => Promise<void>;
}

/**
 * Connections that are used by turns. Three things the library's own pool leaves to its user: an answer has a bound, also
 * when the database stands still; a connection of which it is not known where it stands is never used again; and it is known of
 * each failure whether the statement had gone out.
 */
export class ConnectionPool {
  readonly #pool: Pool;
  readonly #hosts: Hosts;
  readonly #answerTimeoutMs: number;

  constructor({ address, max, settings = {}, answerTimeoutMs = ANSWER_TIMEOUT_MS, examine }: PoolOptions) {
    this.#answerTimeoutMs = answerTimeoutMs;
    this.#hosts = address.hosts;
    this.#pool = new Pool({
      ...clientConfig(address, settings),
      Client: clientOf(address.hosts),
      max,
      idleTimeoutMillis: IDLE_CONNECTION_MS,
      connectionTimeoutMillis: address.connectTimeoutMs,
      verify: (client, done) => {
        const connection = {
          run: <Row extends object>(asked: Statement) => answer<Row>(client, asked, answerTimeoutMs),
        };
        callbackify(async () => examine?.(connection))((error) => done(error ?? undefined));
      },
    });
    this.#pool.on('error', () => {});
  }

  /** Each host of the address is tried once: which one takes writes may have changed since the last connection. */
  async connect(): Promise<PoolConnection> {
    let client: PoolClient;
    try {
      client = await eachHost(this.#hosts, () => this.#pool.connect());
    } catch (error) {
      throw this.#connectFailure(error);
    }
    return pooled(client, this.#answerTimeoutMs);
  }

  /** One statement on any connection. */
  async run<Row extends object>(statement: Statement): Promise<Row[]> {
    const connection = await this.connect();
    try {
      return await connection.run<Row>(statement);
    } finally {
      connection.release();
    }
  }

  /** The same connections through the query builder. */
  builder(): Kysely<Tables> {
    // Only a stream of rows, which nobody asks for here, would hand over a cursor.
    const connect = () => this.connect() as Promise<unknown> as Promise<PostgresPoolClient>;
    return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: { connect, end: () => Promise.resolve() } }) });
  }

  async end(): Promise<void> {
    await Promise.race([
      this.#pool.end(),
      new Promise<void>((resolve) => {
        setTimeout(resolve, GOODBYE_MS).unref();
      }),
    ]);
  }

  #connectFailure(error: unknown): unknown {
    const busy = this.#pool.totalCount >= this.#pool.options.max && this.#pool.waitingCount > 0;
    if (busy && error instanceof Error && error.message.startsWith('timeout exceeded')) {
      return new Unanswered('all connections of this server are in use', false, error);
    }
    return error instanceof HearthError ? error : asUnsent(asUnanswered(error, false));
  }
}

/**
 * A connection of its own, for what lasts as long as the connection does. Each host of the address is tried once.
 * @throws what the last of them refused it with
 */
export async function openClient(address: PostgresAddress, answerTimeoutMs = ANSWER_TIMEOUT_MS): Promise<OpenClient> {
  return eachHost(address.hosts, () => openOne(address, answerTimeoutMs));
}

/** @throws what the last host refused it with; what the examination of a connection found, at once */
async function eachHost<Result>(hosts: Hosts, connect: () => Promise<Result>): Promise<Result> {
  for (let left = hosts.all.length; ; left -= 1) {
    try {
      return await connect();
    } catch (error) {
      if (left <= 1 || error instanceof HearthError) throw error;
    }
  }
}

async function openOne(address: PostgresAddress, answerTimeoutMs: number): Promise<OpenClient> {
  const client = new (clientOf(address.hosts))({
    ...clientConfig(address, {}),
    connectionTimeoutMillis: address.connectTimeoutMs,
  });
  const lost = new Promise<void>((resolve) => {
    client.once('error', () => resolve());
    client.once('end', () => resolve());
  });
  try {
    await client.connect();
  } catch (error) {
    throw asUnsent(asUnanswered(error, false));
  }
  return {
    lost,
    run: <Row extends object>(statement: Statement) => answer<Row>(client, statement, answerTimeoutMs),
    end: async () => {
      await Promise.race([
        client.end(),
        new Promise<void>((resolve) => {
          setTimeout(resolve, GOODBYE_MS).unref();
        }),
      ]);
    },
  };
}

/** Connects to the host that is used now, which with several must be one that takes writes. */
function clientOf(hosts: Hosts) {
  return class extends Client {
    readonly #host = hosts.current;
    readonly #answerTimeoutMs: number;

    constructor(config?: ClientConfig | string) {
      const { host, port, ssl } = hosts.current;
      const given = typeof config === 'object' ? config : {};
      // The pool of the library hides the password from whoever looks at all of its options.
      super({ ...given, password: given.password, host, port, ssl });
      this.#answerTimeoutMs = given.connectionTimeoutMillis || ANSWER_TIMEOUT_MS;
      // A connection that fails says so to whoever uses it, or is replaced when it is next needed. The library listens only
      // from when it has handed the connection over, and the database may end it before.
      this.on('error', () => {});
    }

    // The pool of the library asks with a callback.
    override connect(): Promise<Client>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<Client> | void {
      if (callback === undefined) return this.#reach();
      callbackify(() => this.#reach())(callback);
    }

    async #reach(): Promise<Client> {
      try {
        await super.connect();
        if (!hosts.isOne) await this.#refuseStandby();
        return this;
      } catch (error) {
        hosts.leave(this.#host);
        throw error;
      }
    }

    async #refuseStandby(): Promise<void> {
      try {
        const asked = { text: 'select pg_is_in_recovery() as standby' };
        const [row] = await answer<{ standby: boolean }>(this, asked, this.#answerTimeoutMs);
        if (row?.standby !== true) return;
        throw new Unanswered(`${this.#host.host}:${this.#host.port} is a standby`, false);
      } catch (error) {
        void this.end().catch(() => {});
        throw error;
      }
    }
  };
}

export interface OpenClient extends Queryable {
  /** Resolves when the connection is gone. */
  readonly lost: Promise<void>;
  end(): Promise<void>;
}

function pooled(client: PoolClient, answerTimeoutMs: number): PoolConnection {
  let broken = false;
  const guarded = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      // After a failover another server may be the one that takes writes.
      broken ||= error instanceof Unanswered || isOfStandby(error);
      throw error;
    }
  };
  return {
    run: <Row extends object>(statement: Statement) => guarded(answer<Row>(client, statement, answerTimeoutMs)),
    query: (text, values) =>
      guarded(
        bounded(
          client.query(text, values.map(encodeParameter)) as Promise<unknown> as Promise<PostgresQueryResult<never>>,
          answerTimeoutMs,
        ),
      ),
    release: () => client.release(broken),
  };
}

async function answer<Row extends object>(
  client: Pick<ClientBase, 'query'>,
  { name, text, values = [] }: Statement,
  answerTimeoutMs: number,
): Promise<Row[]> {
  const query = { text, values: values.map(encodeParameter), ...(name === undefined ? {} : { name }) };
  const { rows } = await bounded(client.query<Row>(query), answerTimeoutMs);
  return rows;
}

/** @throws Unanswered when the connection fails or nothing comes in time; the database's own errors as they are */
async function bounded<Result>(work: Promise<Result>, answerTimeoutMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Unanswered(`no answer within ${answerTimeoutMs / 1_000} s`, true)),
      answerTimeoutMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw asUnanswered(error, true);
  } finally {
    clearTimeout(timer);
    // When the answer was late, what comes of it afterwards is nobody's any more.
    work.catch(() => {});
  }
}

function clientConfig(address: PostgresAddress, settings: Readonly<Record<string, string>>): ClientConfig {
  const all = {
    search_path: address.schema,
    statement_timeout: String(STATEMENT_TIMEOUT_MS),
    lock_timeout: String(LOCK_TIMEOUT_MS),
    idle_in_transaction_session_timeout: String(IDLE_IN_TRANSACTION_MS),
    ...Object.fromEntries(Object.entries(KEEPALIVES).map(([name, value]) => [name, String(value)])),
    ...settings,
  };
  const own = Object.entries(all).map(([name, value]) => `-c ${name}=${value}`);
  return {
    database: address.database,
    user: address.user,
    password: address.password,
    application_name: address.applicationName,
    options: [...own, ...(address.options === undefined ? [] : [address.options])].join(' '),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: { getTypeParser: parserFor },
  };
}

/** Numbers of 64 bits as such: those that Hearth keeps are safe integers. */
function parserFor(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  if (format !== 'binary' && oid === TEXT) return decodeText;
  if (format !== 'binary' && (oid === INT8 || oid === NUMERIC)) return Number;
  return types.getTypeParser(oid, format) as (text: string) => unknown;
}
