import { FakeClock } from '@hearth/testkit';
import type { EventBody } from '@hearth/protocol';
import type { ClientSocket } from '../../../packages/server/src/connection/client-socket.ts';
import { Outbox, OUTBOX_LIMITS } from '../../../packages/server/src/connection/outbox.ts';
import { EventLog } from '../../../packages/server/src/event-log/event-log.ts';
import type { AgentEvent } from '../../../packages/server/src/session/agent-event.ts';
import { reduce } from '../../../packages/server/src/session/reduce.ts';
import { initialState } from '../../../packages/server/src/session/state.ts';
import type { SessionState } from '../../../packages/server/src/session/state.ts';
import { openSqliteStore } from '../../../packages/server/src/store/sqlite/open.ts';
import { silentLog } from '../../../packages/server/src/telemetry/log.ts';
import { insertSessions } from '../fixtures.ts';

const SESSION = 'session-1';
const BLOCK = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
/** Longer than deltas wait for others, so that each is committed by itself. */
const BETWEEN_MS = 5;
const CONFIG = {
  steering: true,
  firstOutputTimeoutMs: 60_000,
  silenceTimeoutMs: 60_000,
  interruptTimeoutMs: 5_000,
  approvalTimeoutMs: null,
};

/** What a delta costs on its way to its clients, counted and not timed: the same on every machine and under any load. */
export interface Counts {
  commits: number;
  /** Calls of JSON.stringify and JSON.parse. */
  encoded: number;
  parsed: number;
  frames: number;
  chars: number;
  /** Bytes of heap that were allocated; only comparable within one major version of Node. */
  allocatedBytes: number;
}

/** What the sockets were given. */
export interface Sent {
  frames: number;
  chars: number;
}

/** The way of a delta from the agent to its clients: core, log, database, subscriptions, frames; on a clock that stands still. */
export class HotPath {
  readonly #clock = new FakeClock();
  readonly #log: EventLog;
  readonly #close: () => Promise<void>;
  readonly sent: Sent = { frames: 0, chars: 0 };
  commits = 0;
  #said: AgentEvent | null = null;
  #state: SessionState = { ...initialState(0, 'user'), agent: { generation: 1, life: 'ready' } };

  private constructor(store: Awaited<ReturnType<typeof openSqliteStore>>) {
    const onCommit = (): void => {
      this.commits += 1;
    };
    this.#log = new EventLog({ store: store.events, clock: this.#clock, log: silentLog(), onCommit });
    this.#close = () => store.close();
    const owner = {
      flush: () => this.#take(),
      project: () => ({ messages: [], usage: [] }),
      committed: () => undefined,
      failed: () => undefined,
    };
    this.#log.open(SESSION, 0, owner);
  }

  static async open(clients: number): Promise<HotPath> {
    const store = await openSqliteStore({ path: ':memory:' });
    await insertSessions(store, [SESSION]);
    const path = new HotPath(store);
    for (let n = 0; n < clients; n += 1) path.#join();
    await path.play({ type: 'block.started', blockId: BLOCK, kind: 'text' });
    return path;
  }

  /** Deltas one after the other, each until every client's socket has it. */
  async stream(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) await this.play({ type: 'block.delta', blockId: BLOCK, text: 'a word or two ' });
  }

  async play(event: AgentEvent): Promise<void> {
    await this.#clock.advance(BETWEEN_MS);
    this.#said = event;
    this.#log.announce(SESSION);
    await this.#log.flushed();
    await new Promise((resolve) => setImmediate(resolve));
  }

  #take(): void {
    if (this.#said === null) return;
    const { state, events } = reduce(
      this.#state,
      { type: 'agent', generation: 1, event: this.#said },
      { now: this.#clock.now(), newTurnId: () => 't1', config: CONFIG },
    );
    this.#said = null;
    this.#state = state;
    void this.#log.append(SESSION, events satisfies EventBody[]);
  }

  async close(): Promise<void> {
    await this.#close();
  }

  #join(): void {
    const socket: ClientSocket = {
      send: (text, written) => {
        this.sent.frames += 1;
        this.sent.chars += text.length;
        written();
      },
      bufferedBytes: 0,
      ping: () => undefined,
      close: () => undefined,
      terminate: () => undefined,
    };
    const outbox = new Outbox(socket, OUTBOX_LIMITS, { written: () => undefined, drained: () => undefined });
    const subscription = this.#log.subscribe(SESSION, -1, {
      events: (bodies) => {
        outbox.events(bodies);
        return !outbox.full;
      },
      heartbeat: (body) => outbox.notify('heartbeat', body),
      end: () => undefined,
    });
    subscription.start();
  }
}
