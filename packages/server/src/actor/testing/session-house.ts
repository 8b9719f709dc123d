import { mkdtemp, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HearthError } from '@hearth/protocol';
import type { Event } from '@hearth/protocol';
import { afterEach, beforeEach } from 'vitest';
import type { Backend } from '../../backend/backend.ts';
import { createScriptedBackend } from '../../backend/scripted/scripted-backend.ts';
import { systemClock } from '../../concurrency/clock.ts';
import type { Clock } from '../../concurrency/clock.ts';
import { listDirectories } from '../../config/directories.ts';
import { searchFiles } from '../../config/files.ts';
import { createEventLog } from '../../event-log/event-log.ts';
import { LocalSessions } from '../../router/local-sessions.ts';
import { SessionChanges } from '../../router/session-changes.ts';
import { openSqliteStore } from '../../store/sqlite/open.ts';
import type { SessionBatch, Store } from '../../store/store.ts';
import { silentLog } from '../../telemetry/log.ts';
import { SessionRegistry } from '../session-registry.ts';

export const OWNER = { id: 'owner', label: 'owner' };

/** Sessions in memory over a real store, with the scripted agent. */
export interface House {
  store: Store;
  registry: SessionRegistry;
  sessions: LocalSessions;
  changes: SessionChanges;
  close(): Promise<void>;
}

export interface HouseOptions {
  maxBytes?: number;
  clock?: Clock;
  /** Called “scripted”, whatever it is; the scripted agent when absent. */
  backend?: Backend;
  /** Beside it, and the one that sessions have who name none. */
  other?: Backend;
  /** Whether the disk fails at this commit. */
  refuses?: (batches: SessionBatch[]) => boolean;
}

/** For one file of tests: houses of a test share a database, and are closed after it. */
export function houses(): { open: (options?: HouseOptions) => Promise<House>; folder: () => string } {
  let folder = '';
  const opened: House[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearth-registry-'));
  });

  afterEach(async () => {
    for (const house of opened.splice(0)) await house.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(options: HouseOptions = {}): Promise<House> {
    const { clock = systemClock, maxBytes, refuses = () => false } = options;
    const log = silentLog();
    const path = join(folder, 'hearth.db');
    const store = await openSqliteStore({ path, ...(maxBytes === undefined ? {} : { maxBytes }) });
    const append = store.events.append.bind(store.events);
    store.events.append = async (batches) => {
      if (refuses(batches)) throw new HearthError('internal', 'The disk failed.');
      await append(batches);
    };
    const eventLog = createEventLog({ store: store.events, clock, log });
    const { backend = createScriptedBackend({ clock, newId: randomUUID, maxRetries: 1 }) } = options;
    const { other } = options;
    const backends = new Map([['scripted', backend], ...(other === undefined ? [] : ([[other.name, other]] as const))]);
    const registry = new SessionRegistry({
      store,
      eventLog,
      backends,
      clock,
      newId: randomUUID,
      log,
      observer: { phaseChanged: () => undefined, turnEnded: () => undefined, agentEvicted: () => undefined },
      config: {
        maxProcesses: 4,
        maxAgentMemoryBytes: null,
        idleTimeoutMs: 60_000,
        firstOutputTimeoutMs: 120_000,
        silenceTimeoutMs: 300_000,
        interruptTimeoutMs: 5_000,
      },
    });
    const changes = new SessionChanges(() => undefined);
    const sessions = new LocalSessions({
      accounts: { list: () => [] },
      registry,
      eventLog,
      store,
      backends,
      clock,
      newId: randomUUID,
      defaultAgent: other?.name ?? 'scripted',
      allowBypassPermissions: false,
      resolveCwd: () => Promise.resolve(folder),
      changes,
      listDirectories: (path) => listDirectories([folder], path),
      budgets: () => [],
      searchFiles: (query) => searchFiles([folder], query),
    });
    let closed = false;
    const house = {
      store,
      registry,
      sessions,
      changes,
      close: async () => {
        if (closed) return;
        closed = true;
        await registry.stop(0);
        await eventLog.flushed();
        await store.close();
      },
    };
    opened.push(house);
    return house;
  }

  return { open, folder: () => folder };
}

export async function log(sessions: LocalSessions, sessionId: string): Promise<Event[]> {
  return (await sessions.events(sessionId, 0, 10_000)).items;
}

export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export async function idle({ sessions }: House, sessionId: string): Promise<void> {
  await until('the session to be idle', async () => {
    const { phase, queue } = await sessions.get(sessionId);
    return phase === 'idle' && queue.length === 0;
  });
}
