import type { LogEntry, SessionBatch, SessionRecord, StoredAccount, StoredMessage, TurnUsage } from '../store.ts';

export function aRecord(id: string, session: Partial<SessionRecord['session']> = {}): SessionRecord {
  return {
    session: {
      id,
      agent: 'scripted',
      cwd: '/srv/house',
      title: null,
      model: null,
      permissionMode: 'default',
      accountId: null,
      phase: 'idle',
      lastSeq: 0,
      approvals: [],
      usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0, costUsd: 0 },
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
      archived: false,
      metadata: {},
      ...session,
    },
    core: '{}',
    settings: '{}',
  };
}

export function aBatch(sessionId: string, batch: Partial<SessionBatch> = {}): SessionBatch {
  return { sessionId, entries: [], compact: [], messages: [], usage: [], ...batch };
}

export function aNotice(seq: number, text = `notice ${seq}`): LogEntry {
  return { seq, type: 'notice', body: JSON.stringify({ seq, type: 'notice', text }) };
}

export function aDelta(seq: number, blockId: string, text = 'x'): LogEntry {
  return { seq, type: 'block.delta', blockId, body: JSON.stringify({ seq, type: 'block.delta', blockId, text }) };
}

export function aCompleted(seq: number, blockId: string): LogEntry {
  return { seq, type: 'block.completed', blockId, body: JSON.stringify({ seq, type: 'block.completed', blockId }) };
}

export function aMessage(id: string, sessionId: string, message: Partial<StoredMessage> = {}): StoredMessage {
  return {
    id,
    sessionId,
    priority: 'next',
    state: 'queued',
    content: `message ${id}`,
    author: 'owner',
    createdAt: '2026-01-01T00:00:00.000Z',
    place: 0,
    ...message,
  };
}

type Part = TurnUsage['models'][number];

/** What a turn used of one model. */
export function aPart(part: Partial<Part> = {}): Part {
  return {
    model: 'model-a',
    accountId: 'account-a',
    inputTokens: 1,
    outputTokens: 2,
    cacheReadTokens: 3,
    cacheCreationTokens: 4,
    costUsd: 0.1,
    ...part,
  };
}

export function aTurn(turnId: string, usage: Partial<TurnUsage> = {}): TurnUsage {
  return {
    turnId,
    sessionId: 's1',
    agent: 'scripted',
    user: 'owner',
    time: '2026-01-01T12:00:00.000Z',
    models: [aPart()],
    ...usage,
  };
}

export function anAccount(id: string, more: Partial<StoredAccount> = {}): StoredAccount {
  return {
    id,
    agent: 'claude',
    kind: 'api_key',
    label: `account ${id}`,
    priority: 100,
    enabled: true,
    models: null,
    baseUrl: null,
    sealed: 'sealed',
    health: '{}',
    version: 1,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}
