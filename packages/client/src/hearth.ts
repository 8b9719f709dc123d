import type {
  BudgetList,
  Account,
  AccountCreate,
  AccountImport,
  AccountUpdate,
  Agent,
  DirectoryList,
  FileList,
  FileQuery,
  OperationName,
  Params,
  Result,
  Session,
  SessionCreate,
  SessionListQuery,
  TokenCreate,
  UsageQuery,
  UsageReport,
} from '@hearth/protocol';
import type { Connection } from './connection.ts';
import type { ListChange } from './list-watch.ts';
import type { Listeners } from './listeners.ts';
import { pagesOf } from './pages.ts';
import { CreatedSession, SessionHandle } from './session-handle.ts';
import type { SessionPort } from './session-handle.ts';
import type { ConnectionState } from './state.ts';
import type { CallOptions, Transport } from './transport.ts';

/** A client of one server. Made by {@link connect}. */
export class Hearth {
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  readonly accounts: Accounts;
  readonly #connection: Connection;
  readonly #transport: Transport;
  readonly #port: SessionPort;
  readonly #states: Listeners<[ConnectionState]>;

  constructor(connection: Connection, states: Listeners<[ConnectionState]>, port: SessionPort) {
    this.#connection = connection;
    this.#transport = port.transport;
    this.#states = states;
    this.#port = port;
    this.sessions = new Sessions(port);
    this.tokens = new Tokens(port.transport);
    this.accounts = new Accounts(port.transport);
  }

  /** How the client stands with the server now. */
  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** Calls the listener with the state now and with each that follows. Returns what takes it away. */
  onState(listener: (state: ConnectionState) => void): () => void {
    const remove = this.#states.add(listener);
    listener(this.state);
    return remove;
  }

  /** Resolves when the server has answered. Rejects when it refuses the token or the client is closed. */
  ready(options?: CallOptions): Promise<void> {
    return this.#transport.ping(options);
  }

  /** A handle on a session, without asking whether it is there. */
  session(id: string): SessionHandle {
    return new SessionHandle(id, this.#port);
  }

  /** The agents and what they can do. */
  async agents(options?: CallOptions): Promise<Agent[]> {
    return (await this.#transport.call('agent.list', {}, options)).items;
  }

  /** The folders inside one that a session may work in; without a path the workspace roots. */
  directories(path?: string, options?: CallOptions): Promise<DirectoryList> {
    return this.#transport.call('directory.list', path === undefined ? {} : { path }, options);
  }

  /** Files and folders below a working directory whose path has the letters of `q`, the best first. */
  files(query: FileQuery, options?: CallOptions): Promise<FileList> {
    return this.#transport.call('file.search', query, options);
  }

  /** Tokens and cost. `format` is for HTTP; here it changes nothing. */
  usage(query: UsageQuery = {}, options?: CallOptions): Promise<UsageReport> {
    return this.#transport.call('usage.report', query, options);
  }

  /** The budgets of today, and what was spent of them. */
  budgets(options?: CallOptions): Promise<BudgetList> {
    return this.#transport.call('budget.list', {}, options);
  }

  /** Any operation of the contract by its name. */
  call<Name extends OperationName>(
    name: Name,
    params: Params<Name> & object,
    options?: CallOptions,
  ): Promise<Result<Name>> {
    return this.#transport.call(name, params, options);
  }

  /** Tries at once instead of waiting for the next try, or goes on with another token. */
  reconnect({ token }: { token?: string } = {}): void {
    this.#connection.reconnect(token);
  }

  /** Ends feeds, rejects what has no answer yet with `client_closed`, and closes the socket. Sessions go on. */
  close(): void {
    this.#connection.close();
  }
}

/** All sessions of the server. */
export class Sessions {
  readonly #port: SessionPort;

  constructor(port: SessionPort) {
    this.#port = port;
  }

  /** Opens a session. Not repeated after a lost connection: it then rejects with `connection_lost`. */
  async create(params: SessionCreate = {}, options?: CallOptions): Promise<CreatedSession> {
    return new CreatedSession(await this.#port.transport.call('session.create', params, options), this.#port);
  }

  /** One page, newest activity first. */
  list(query: SessionListQuery = {}, options?: CallOptions): Promise<Result<'session.list'>> {
    return this.#port.transport.call('session.list', query, options);
  }

  /** All that match, page by page. */
  all(query: Omit<SessionListQuery, 'cursor'> = {}, options?: CallOptions): AsyncGenerator<Session, void, undefined> {
    return pagesOf((page) => this.list({ ...query, ...page }, options));
  }

  /**
   * Calls the listener whenever a session is new, changed or deleted, on whichever client. It is told `stale` when it
   * should read the list again: once at the beginning, and after each lost connection. Returns what ends it.
   */
  watch(listener: (change: ListChange) => void): () => void {
    return this.#port.transport.watchList(listener);
  }

  get(sessionId: string, options?: CallOptions): Promise<Session> {
    return this.#port.transport.call('session.get', { sessionId }, options);
  }
}

/** API tokens. */
export class Tokens {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  list(options?: CallOptions): Promise<Result<'token.list'>> {
    return this.#transport.call('token.list', {}, options);
  }

  /** The answer holds the secret, which is shown this once. */
  create(params: TokenCreate, options?: CallOptions): Promise<Result<'token.create'>> {
    return this.#transport.call('token.create', params, options);
  }

  async revoke(tokenId: string, options?: CallOptions): Promise<void> {
    await this.#transport.call('token.revoke', { tokenId }, options);
  }
}

/** The accounts with which agents reach their model APIs. Secrets go in and never come out. */
export class Accounts {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** All of them, in the order in which they are used. */
  async list(options?: CallOptions): Promise<Account[]> {
    return (await this.#transport.call('account.list', {}, options)).items;
  }

  get(accountId: string, options?: CallOptions): Promise<Account> {
    return this.#transport.call('account.get', { accountId }, options);
  }

  /** Not repeated after a lost connection: it then rejects with `connection_lost`. */
  create(params: AccountCreate, options?: CallOptions): Promise<Account> {
    return this.#transport.call('account.create', params, options);
  }

  /** New secrets replace all that the account had, and are tried at once. */
  update(accountId: string, params: AccountUpdate, options?: CallOptions): Promise<Account> {
    return this.#transport.call('account.update', { accountId, ...params }, options);
  }

  async delete(accountId: string, options?: CallOptions): Promise<void> {
    await this.#transport.call('account.delete', { accountId }, options);
  }

  /** It is tried again at once, whatever stood in the way. */
  reset(accountId: string, options?: CallOptions): Promise<Account> {
    return this.#transport.call('account.reset', { accountId }, options);
  }

  /** All accounts with their secrets, sealed with the passphrase. */
  async export(passphrase: string, options?: CallOptions): Promise<string> {
    return (await this.#transport.call('account.export', { passphrase }, options)).data;
  }

  /** Adds the accounts of an export, and gives them as they are now. The same again changes nothing. */
  async import(params: AccountImport, options?: CallOptions): Promise<Account[]> {
    return (await this.#transport.call('account.import', params, options)).items;
  }

  /** Seals all secrets with a new key. @returns how many accounts that were */
  async rotateKey(options?: CallOptions): Promise<number> {
    return (await this.#transport.call('account.rotateKey', {}, options)).resealed;
  }

  /** Calls the listener with all accounts: at the beginning, after each change, and after each lost connection. Returns what ends it. */
  watch(listener: (accounts: Account[]) => void): () => void {
    return this.#transport.watchAccounts(listener);
  }
}
