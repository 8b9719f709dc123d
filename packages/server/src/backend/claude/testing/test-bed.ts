import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Approval, Content } from '@hearth/protocol';
import { startMessagesApi, type MessagesApi, type MessagesApiOptions, type RecordedRequest } from '@hearth/testkit';
import type { ProcessRecord, ProcessStore, TranscriptEntry, TranscriptStore } from '../../../store/store.ts';
import type { AgentEvent, AgentProcess, AgentSpec, Backend, TurnEnded } from '../../backend.ts';
import { systemClock } from '../../../concurrency/clock.ts';
import type { Lane, RelayPolicy } from '../../../relay/lane.ts';
import { Relay } from '../../../relay/relay.ts';
import { memoryAccounts } from '../../../relay/testing/memory-accounts.ts';
import type { MemoryAccounts, TestAccount } from '../../../relay/testing/memory-accounts.ts';
import { silentLog } from '../../../telemetry/log.ts';
import { createClaudeBackend } from '../claude-backend.ts';
import type { ClaudeConfig } from '../claude-config.ts';
import { configDirOf, projectKeyOf, type LocalPlace } from '../local-transcript.ts';

const WAIT_MS = 30_000;

/** For tests: the real binary in a home of its own, over a scripted model, with stores in memory. */
export interface TestBed {
  readonly api: MessagesApi;
  readonly backend: Backend;
  readonly transcripts: TranscriptStore;
  readonly processes: ProcessStore & { readonly records: ProcessRecord[] };
  readonly cwd: string;
  /** A folder that the agent may not read unasked. */
  readonly outside: string;
  readonly logged: string[];
  /** Set where the agent has accounts. */
  readonly accounts: MemoryAccounts | undefined;
  /** The ways to the model that were opened, where the agent has accounts. */
  readonly lanes: readonly Lane[];
  open(spec?: Partial<AgentSpec>): OpenAgent;
  /** Another backend over the same stores and home, as after a restart. */
  restart(config?: ClaudeConfig): Backend;
  place(agentSessionId: string): LocalPlace;
  close(): Promise<void>;
}

/** An agent with all that it said so far. */
export interface OpenAgent {
  readonly process: AgentProcess;
  readonly events: AgentEvent[];
  send(content: Content, messageId?: string): string;
  /** The first event from `from` on (default: from now) that matches; rejects after 30 s with what came. */
  wait<Type extends AgentEvent['type']>(
    type: Type,
    matches?: (event: Extract<AgentEvent, { type: Type }>) => boolean,
    from?: number,
  ): Promise<Extract<AgentEvent, { type: Type }>>;
  /** Sends and waits for the end of the turn. */
  turn(content: Content, messageId?: string): Promise<TurnEnded>;
  /** The texts of the blocks since `from`. */
  texts(from?: number): string[];
  approval(from?: number): Promise<Approval>;
  ended(): Promise<void>;
}

export async function startTestBed(
  options: {
    config?: ClaudeConfig;
    api?: MessagesApiOptions;
    /** With these the agent reaches its model through a relay, and knows no key. */
    accounts?: Record<string, TestAccount>;
    policy?: Partial<RelayPolicy>;
  } = {},
): Promise<TestBed> {
  const home = mkdtempSync(join(tmpdir(), 'hearth-claude-'));
  const cwd = join(home, 'work');
  for (const folder of ['work', 'config', 'tmp', 'outside']) mkdirSync(join(home, folder));
  const api = await startMessagesApi(options.api);
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    TMPDIR: join(home, 'tmp'),
    CLAUDE_CONFIG_DIR: join(home, 'config'),
    ANTHROPIC_API_KEY: 'sk-made-up',
    // With accounts nothing is to be had here.
    ANTHROPIC_BASE_URL: options.accounts === undefined ? api.url : 'http://127.0.0.1:9',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_AUTOUPDATER: '1',
  };
  const accounts = options.accounts === undefined ? undefined : memoryAccounts(options.accounts, api.url);
  const relay = accounts === undefined ? undefined : testRelay(accounts, options.policy ?? {});
  const transcripts = memoryTranscripts();
  const processes = memoryProcesses();
  const logged: string[] = [];
  const note = (fields: unknown, text?: unknown): void => void logged.push(`${String(text)} ${describe(fields)}`);
  const backends: Backend[] = [];
  const lanes: Lane[] = [];
  const restart = (config: ClaudeConfig = {}): Backend => {
    const backend = createClaudeBackend({
      transcripts,
      processes,
      log: { info: note, warn: note, error: note },
      config: { environment: () => env, maxRetries: 2, ...options.config, ...config },
      newId: randomUUID,
      clock: { now: Date.now },
      ...(relay === undefined
        ? {}
        : {
            models: {
              mode: relay.mode.bind(relay),
              async open(session) {
                const address = await relay.open(session);
                lanes.push(address.lane);
                return address;
              },
              allow: () => null,
            },
          }),
    });
    backends.push(backend);
    return backend;
  };
  const backend = restart();
  return {
    api,
    backend,
    transcripts,
    processes,
    cwd,
    outside: join(home, 'outside'),
    logged,
    accounts,
    lanes,
    restart,
    open: (spec = {}) => openAgent(backends.at(-1) ?? backend, { cwd, ...spec }),
    place: (agentSessionId) => ({ configDir: configDirOf(env), projectKey: projectKeyOf(cwd), agentSessionId }),
    async close() {
      await Promise.all(backends.map(async (one) => one.close()));
      await relay?.close();
      await api.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function testRelay(accounts: MemoryAccounts, policy: Partial<RelayPolicy>): Relay {
  return new Relay({
    accounts,
    policy: {
      selection: 'priority',
      avoidAbove: 0.98,
      retry: { delaysMs: [50, 100, 200], jitter: 0 },
      waitForResetMs: 0,
      ...policy,
    },
    clock: systemClock,
    log: silentLog(),
  });
}

function openAgent(backend: Backend, spec: Partial<AgentSpec> & { cwd: string }): OpenAgent {
  const events: AgentEvent[] = [];
  const waiters = new Set<() => void>();
  const agent = backend.open(
    { sessionId: randomUUID(), permissionMode: 'default', pendingMessageIds: [], carried: [], ...spec },
    (event) => {
      events.push(event);
      for (const waiter of waiters) waiter();
    },
  );
  const wait: OpenAgent['wait'] = async (type, matches = () => true, from = events.length) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiters.delete(look);
        const seen = events.slice(from).map((event) => describe(event).slice(0, 300));
        reject(new Error(`no ${type} came; since then: ${seen.join('\n')}`));
      }, WAIT_MS);
      const look = (): void => {
        const found = events.slice(from).find((event) => event.type === type && matches(event as never));
        if (found === undefined) return;
        waiters.delete(look);
        clearTimeout(timer);
        resolve(found as never);
      };
      waiters.add(look);
      look();
    });
  const send = (content: Content, messageId: string = randomUUID()): string => {
    agent.send({ messageId, content });
    return messageId;
  };
  return {
    process: agent,
    events,
    send,
    wait,
    async turn(content, messageId) {
      const from = events.length;
      send(content, messageId);
      return wait('turn.ended', undefined, from);
    },
    texts: (from = 0) =>
      events.slice(from).flatMap((event) => (event.type === 'block.completed' ? [event.text ?? ''] : [])),
    async approval(from) {
      return (await wait('approval.requested', undefined, from)).approval;
    },
    async ended() {
      agent.close();
      await wait('exited', undefined, 0);
    },
  };
}

/** The user's messages as the model saw them in a request. */
export function seenBy(request: RecordedRequest | undefined): readonly string[] {
  return request?.userTexts ?? [];
}

/** The conversation that an agent said it has; the last one, when it went over to another. */
export function readyOf(events: readonly AgentEvent[]): Extract<AgentEvent, { type: 'ready' }> {
  const ready = events.findLast((event) => event.type === 'ready');
  if (ready === undefined) throw new Error('the agent was never ready');
  return ready;
}

function describe(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (inner instanceof Error ? inner.message : inner)) ?? '';
}

function memoryProcesses(): TestBed['processes'] {
  const records: ProcessRecord[] = [];
  return {
    records,
    add: async (record) => void records.push(record),
    async remove(pid, startTicks) {
      const index = records.findIndex((record) => record.pid === pid && record.startTicks === startTicks);
      if (index >= 0) records.splice(index, 1);
    },
    list: async () => [...records],
  };
}

function memoryTranscripts(): TranscriptStore {
  const rows = new Map<string, { projectKey: string; id: string; subpath: string; entries: TranscriptEntry[] }>();
  const summaries = new Map<string, { projectKey: string; id: string; data: Record<string, unknown> }>();
  const rowKey = (projectKey: string, id: string, subpath: string): string => `${projectKey}\n${id}\n${subpath}`;
  const append = (projectKey: string, id: string, subpath: string, entries: TranscriptEntry[]): TranscriptEntry[] => {
    const key = rowKey(projectKey, id, subpath);
    const row = rows.get(key) ?? { projectKey, id, subpath, entries: [] };
    rows.set(key, row);
    const fresh = entries.filter(
      (entry) => entry.uuid === undefined || !row.entries.some((known) => known.uuid === entry.uuid),
    );
    row.entries.push(...structuredClone(fresh));
    return fresh;
  };
  return {
    append: async (key, entries) => void append(key.projectKey, key.agentSessionId, key.subpath, entries),
    async appendWithSummary(key, entries, fold) {
      const fresh = append(key.projectKey, key.agentSessionId, key.subpath, entries);
      if (fresh.length === 0) return;
      const at = rowKey(key.projectKey, key.agentSessionId, '');
      const before = summaries.get(at);
      const data = fold(before === undefined ? undefined : { mtime: 1, data: before.data }, fresh);
      summaries.set(at, { projectKey: key.projectKey, id: key.agentSessionId, data });
    },
    load: async (key) =>
      structuredClone(rows.get(rowKey(key.projectKey, key.agentSessionId, key.subpath))?.entries ?? null),
    listSessions: async (projectKey) =>
      [...rows.values()]
        .filter((row) => row.projectKey === projectKey && row.subpath === '')
        .map((row) => ({ agentSessionId: row.id, mtime: 1 })),
    listSubpaths: async (projectKey, id) =>
      [...rows.values()]
        .filter((row) => row.projectKey === projectKey && row.id === id && row.subpath !== '')
        .map((row) => row.subpath),
    loadSummaries: async (projectKey) =>
      [...summaries.values()]
        .filter((summary) => summary.projectKey === projectKey)
        .map((summary) => ({ agentSessionId: summary.id, mtime: 1, data: summary.data })),
    async delete(key) {
      for (const [at, row] of rows) {
        const same = row.projectKey === key.projectKey && row.id === key.agentSessionId;
        if (same && (key.subpath === '' || row.subpath === key.subpath)) rows.delete(at);
      }
      if (key.subpath === '') summaries.delete(rowKey(key.projectKey, key.agentSessionId, ''));
    },
  };
}
