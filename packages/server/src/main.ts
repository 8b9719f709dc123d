import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HearthError } from '@hearth/protocol';
import type { TurnError } from '@hearth/protocol';
import { Accounts } from './account/accounts.ts';
import { tokenEndpoint } from './account/token-endpoint.ts';
import { SecretKeys } from './account/secret-keys.ts';
import { startHeartbeats } from './actor/heartbeats.ts';
import { SessionBudget } from './actor/session-budget.ts';
import { SessionRegistry } from './actor/session-registry.ts';
import { Auth } from './auth/auth.ts';
import { ownerToken } from './auth/owner-token.ts';
import type { Backend } from './backend/backend.ts';
import { createClaudeBackend } from './backend/claude/claude-backend.ts';
import { agentEnvironment } from './backend/claude/claude-config.ts';
import { createScriptedBackend } from './backend/scripted/scripted-backend.ts';
import { budgetError } from './budget/budget-texts.ts';
import { Budgets } from './budget/budgets.ts';
import { systemClock } from './concurrency/clock.ts';
import { databaseFile } from './config/database-file.ts';
import { isPostgres } from './config/database-url.ts';
import { withDefaults } from './config/defaults.ts';
import type { Config } from './config/options.ts';
import { listDirectories } from './config/directories.ts';
import { searchFiles } from './config/files.ts';
import { resolveCwd } from './config/workspace.ts';
import { createEventLog } from './event-log/event-log.ts';
import { openSession } from './embedded/open-session.ts';
import type { OpenOptions } from './embedded/open-session.ts';
import type { HandleParts, SessionHandle } from './embedded/session-handle.ts';
import type { Gateway } from './gateway/gateway.ts';
import { PACKAGE_ROOT } from './package-root.ts';
import { endOrphans } from './process/orphans.ts';
import { accountSource } from './relay/account-source.ts';
import { Relay } from './relay/relay.ts';
import { DEFAULT_RETRY_POLICY } from './retry/pace.ts';
import { LocalSessions } from './router/local-sessions.ts';
import { startRetention } from './router/retention.ts';
import { SessionChanges } from './router/session-changes.ts';
import type { Sessions } from './router/sessions.ts';
import { openSqliteStore } from './store/sqlite/open.ts';
import type { Store } from './store/store.ts';
import { silentLog } from './telemetry/log.ts';
import type { Log } from './telemetry/log.ts';
import { Metrics } from './telemetry/metrics.ts';
import { VERSION } from './version.ts';

const BYTES_PER_MB = 1024 * 1024;
/** Settings as `hearth serve` has them, by their names in `hearth.config.json`, and what only a program can give. */
export interface HearthOptions extends Partial<Config> {
  /** What agents get of the environment; default: those variables of this process that the agent understands. */
  agentEnv?: Record<string, string | undefined>;
  /** Default: silent. */
  log?: Log;
  /** Measurements of this process beside Hearth's own, as a server wants them. Default: no. */
  processMetrics?: boolean;
}

/** A running Hearth: sessions in this process, and over the network once `listen` is called. */
export interface Hearth {
  readonly config: Config;
  /** Aborts, with a HearthError, when another server has taken the database: this one can only be closed. */
  readonly lost: AbortSignal;
  readonly sessions: Sessions;
  readonly accounts: Accounts;
  /** Opens a session in this process: a new one, or by its id one that there is. */
  open(options: OpenOptions): Promise<SessionHandle>;
  /** What a client logs in with as the owner. */
  readonly ownerToken: string;
  /** Once, however often it is called. @returns where the server is reached, and a link that logs a browser in, once */
  listen(): Promise<{ url: string; loginUrl: string }>;
  /** A new link that logs a browser in, once; only after `listen`. */
  loginUrl(): string;
  /**
   * Takes nothing new, lets running turns end for `graceMs` (default: the configuration's), cuts those that go on, and ends
   * every agent. Queued messages stay queued.
   */
  close(graceMs?: number): Promise<void>;
}

/**
 * Puts the parts together. This file and the command line are the only ones that know implementations.
 * @throws HearthError that says what is wrong and what to do: the data directory, the database, the configuration
 */
export async function createHearth(options: HearthOptions = {}): Promise<Hearth> {
  const { agentEnv, log = silentLog(), processMetrics = false, ...settings } = options;
  const config = withDefaults(settings);
  const metrics = new Metrics({ process: processMetrics });
  const lost = new AbortController();
  const store = await openStore(config, log, (error) => lost.abort(error));
  try {
    return await assemble({ config, store, log, metrics, agentEnv, lost: lost.signal });
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** PostgreSQL's client is loaded only where it is used. */
async function openStore(config: Config, log: Log, onDeposed: (error: HearthError) => void): Promise<Store> {
  const { databaseUrl } = config;
  if (databaseUrl === undefined || !isPostgres(databaseUrl)) {
    return openSqliteStore({ path: databaseFile(config), log, version: VERSION });
  }
  const { openPostgresStore } = await import('./store/postgres/open.ts');
  return openPostgresStore({ url: databaseUrl, log, version: VERSION, onDeposed });
}

interface Assembly {
  lost: AbortSignal;
  config: Config;
  store: Store;
  log: Log;
  metrics: Metrics;
  agentEnv: Record<string, string | undefined> | undefined;
}

async function assemble({ config, store, log, metrics, agentEnv, lost }: Assembly): Promise<Hearth> {
  const clock = systemClock;
  const newId = randomUUID;
  const token = await ownerToken(config.dataDir, config.token);
  const orphans = await endOrphans(store.processes);
  if (orphans.length > 0)
    log.warn({ orphans: orphans.length }, 'ended agent processes that a former server left behind');

  const keys = new SecretKeys({ dataDir: config.dataDir, configured: config.secretKey });
  const renewTokens = tokenEndpoint({
    url: config.oauthTokenUrl,
    clientId: config.oauthClientId,
    now: () => clock.now(),
  });
  const accounts = await Accounts.open({ store: store.accounts, keys, clock, newId, log, renewTokens });
  const relay = createRelay(config, accounts, log);
  const allow = (sessionId: string, accountId: string): TurnError | null => {
    const actor = registry.peek(sessionId);
    const verdict = actor === undefined ? null : budgets.check(actor.budgetSubject, accountId);
    return verdict?.type === 'spent' ? budgetError(verdict) : null;
  };
  const backends = createBackends({ config, store, log, metrics, agentEnv, lost, relay, allow });
  if (!backends.has(config.agent)) {
    throw new HearthError('invalid_request', `There is no agent called “${config.agent}”.`, {
      hint: `Set the agent to one of: ${[...backends.keys()].join(', ')}.`,
    });
  }
  const eventLog = createEventLog({
    store: store.events,
    clock,
    log,
    onCommit: (events, durationMs) => {
      metrics.eventsAppended(events);
      metrics.committed(durationMs);
    },
  });
  const changes = new SessionChanges((error) => log.error({ err: error }, 'a watcher of the list of sessions failed'));
  const budgets = new Budgets({
    limits: config,
    usage: store.usage,
    clock,
    subjects: () => [...registry.loaded()].filter((actor) => actor.spending).map((actor) => actor.budgetSubject),
  });
  const registry: SessionRegistry = new SessionRegistry({
    store,
    eventLog,
    backends,
    clock,
    newId,
    log,
    observer: metrics,
    budget: new SessionBudget(budgets),
    onUsage: (usage) => {
      budgets.book(usage);
      for (const { model, costUsd } of usage.models) metrics.spent(usage.agent, model, costUsd);
    },
    onChanged: (sessionId) => changes.tell(sessionId),
    config: {
      ...config,
      maxAgentMemoryBytes: config.maxAgentMemoryMb === 0 ? null : config.maxAgentMemoryMb * BYTES_PER_MB,
    },
  });
  metrics.watchAgents(() => registry.readAgents());
  const stopWaking = wakeWhenReady(accounts, () => registry.wake());
  const sessions = new LocalSessions({
    registry,
    changes,
    eventLog,
    store,
    backends,
    clock,
    newId,
    defaultAgent: config.agent,
    accounts,
    allowBypassPermissions: config.allowBypassPermissions,
    resolveCwd: (wanted) => resolveCwd(config.workspace, wanted),
    listDirectories: (path) => listDirectories(config.workspace, path),
    budgets: () => budgets.day(),
    searchFiles: (query) => searchFiles(config.workspace, query),
  });
  const auth = new Auth({ ownerToken: token, tokens: store.tokens, log });
  const stopHeartbeats = startHeartbeats(registry, eventLog, clock);
  await budgets.load();
  await registry.recover();
  const stopRetention = startRetention({ store: store.sessions, sessions, clock, log, days: config.retentionDays });

  const stopped = new AbortController();
  // One listener for each handle that follows its session.
  setMaxListeners(0, stopped.signal);
  const handleParts: HandleParts = {
    sessions,
    principal: { id: 'owner', label: 'owner' },
    letGo: (sessionId) => registry.letGo(sessionId),
    stopped: stopped.signal,
    onError: (error, what) => log.error({ err: error }, `a handler failed: ${what}`),
  };
  let gateway: Gateway | null = null;
  let listening: Promise<string> | null = null;
  let stopping = false;
  const listen = async (): Promise<string> => {
    const { createGateway } = await import('./gateway/gateway.ts');
    const webRoot = webUiFolder();
    const opened = await createGateway({
      sessions,
      auth,
      accounts,
      config,
      log,
      metrics,
      version: VERSION,
      readiness: async () => readiness(store),
      ...(webRoot === undefined ? {} : { webRoot }),
    });
    try {
      const url = await opened.listen();
      gateway = opened;
      return url;
    } catch (error) {
      listening = null;
      await opened.close();
      throw error;
    }
  };
  const loginUrl = (): string => {
    if (gateway === null) throw new HearthError('internal', 'The server does not listen yet.');
    return gateway.loginUrl();
  };
  return {
    config,
    lost,
    sessions,
    accounts,
    open: (options) => openSession(handleParts, options),
    ownerToken: token,
    async listen() {
      if (stopping) throw new HearthError('agent_unavailable', 'The server is stopping.');
      const url = await (listening ??= listen());
      return { url, loginUrl: loginUrl() };
    },
    loginUrl,
    async close(graceMs = config.shutdownGraceMs) {
      stopping = true;
      // A door that is being opened could not be closed.
      await listening?.catch(() => undefined);
      stopWaking();
      await stopRetention();
      await registry.stop(graceMs);
      await eventLog.flushed();
      stopped.abort();
      stopHeartbeats();
      await gateway?.close();
      await Promise.all([...backends.values()].map((backend) => backend.close()));
      await relay.close();
      await accounts.close();
      await store.close();
    },
  };
}

function createRelay(config: Config, accounts: Accounts, log: Log): Relay {
  return new Relay({
    accounts: accountSource(accounts),
    policy: {
      selection: config.accountSelection,
      avoidAbove: config.accountAvoidPercent / 100,
      retry: { ...DEFAULT_RETRY_POLICY, delaysMs: config.retryDelaysMs.slice(0, config.maxRetries) },
      waitForResetMs: config.resetWaitMs,
    },
    clock: systemClock,
    log,
  });
}

/** Calls back when an account can be used that could not before. @returns stops it */
function wakeWhenReady(accounts: Accounts, wake: () => void): () => void {
  const readyIds = (): Set<string> =>
    new Set(accounts.list().flatMap(({ id, state }) => (state === 'ready' ? [id] : [])));
  let known = readyIds();
  return accounts.watch(() => {
    const before = known;
    known = readyIds();
    if ([...known].some((id) => !before.has(id))) wake();
  });
}

function createBackends({
  config,
  store,
  log,
  agentEnv,
  relay,
  allow,
}: Assembly & { relay: Relay; allow: (sessionId: string, accountId: string) => TurnError | null }): ReadonlyMap<
  string,
  Backend
> {
  const newId = randomUUID;
  const { claudePath, settingSources, maxRetries, allowBypassPermissions, spares } = config;
  const claude = createClaudeBackend({
    transcripts: store.transcripts,
    processes: store.processes,
    log,
    models: {
      mode: (...session) => relay.mode(...session),
      open: (session) => relay.open(session),
      allow,
    },
    newId,
    clock: systemClock,
    config: {
      settingSources: [...settingSources],
      maxRetries,
      allowBypassPermissions,
      spares,
      environment: () => agentEnv ?? agentEnvironment(process.env),
      ...(claudePath === undefined ? {} : { pathToClaudeCodeExecutable: claudePath }),
    },
  });
  const scripted = createScriptedBackend({ clock: systemClock, newId, maxRetries });
  return new Map([claude, scripted].map((backend) => [backend.name, backend]));
}

async function readiness(store: Store): Promise<{ ready: true } | { ready: false; reason: string }> {
  try {
    await store.check();
    return { ready: true };
  } catch (error) {
    return { ready: false, reason: HearthError.from(error).message };
  }
}

/** The built web UI, which stands beside this package. */
function webUiFolder(): string | undefined {
  const folder = join(PACKAGE_ROOT, '..', 'web', 'dist');
  return existsSync(join(folder, 'index.html')) ? folder : undefined;
}
