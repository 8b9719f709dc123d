import { HearthError } from '@hearth/protocol';
import type { SubscribeResult } from '@hearth/protocol';
import type { Sessions, Subscription, SubscriptionSink } from '../router/sessions.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Outbox } from './outbox.ts';

/** How many waiting subscriptions a drained socket wakes at once; each may bring a whole chunk of backlog. */
const RESUMED_AT_ONCE = 16;

export interface SubscriptionsOptions {
  sessions: Sessions;
  outbox: Outbox;
  metrics: Metrics;
  maxSubscriptions: number;
}

/** An answer, and what begins once it is on its way. */
export interface Subscribed {
  result: SubscribeResult;
  begin(): void;
}

/** The subscriptions of one connection: at most one per session, all of them sharing the socket's room. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #cursors = new Map<string, Cursor>();
  /** The last step per session, so that subscribe and unsubscribe take effect in the order they came. */
  readonly #steps = new Map<string, Promise<unknown>>();
  readonly #waiting = new Set<Cursor>();
  #resuming: NodeJS.Immediate | null = null;
  #closed = false;

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** Places a cursor; one that the session had is closed before this resolves, and stays when this fails. */
  async subscribe(sessionId: string, after: number): Promise<Subscribed> {
    return await this.#inOrder(sessionId, async () => {
      if (!this.#cursors.has(sessionId) && this.#cursors.size >= this.#options.maxSubscriptions) {
        throw new HearthError('rate_limited', `One socket holds ${this.#options.maxSubscriptions} subscriptions.`, {
          hint: 'Unsubscribe from sessions that nobody looks at, or open another socket.',
        });
      }
      const cursor = new Cursor(this.#options.outbox, {
        waits: () => this.#wait(cursor),
        ended: () => this.#drop(sessionId, cursor),
      });
      const subscription = await this.#options.sessions.subscribe(sessionId, after, cursor);
      if (this.#closed) {
        subscription.close();
        throw new HearthError('overloaded', 'The connection was closed.');
      }
      this.#close(sessionId);
      cursor.attach(subscription);
      this.#cursors.set(sessionId, cursor);
      this.#options.metrics.subscriptionOpened('ws');
      return {
        result: { session: subscription.session, lastSeq: subscription.lastSeq },
        begin: () => cursor.begin(),
      };
    });
  }

  async unsubscribe(sessionId: string): Promise<void> {
    await this.#inOrder(sessionId, async () => this.#close(sessionId));
  }

  /** The socket has room again. */
  drained(): void {
    this.#resuming ??= setImmediate(() => this.#resume());
  }

  close(): void {
    this.#closed = true;
    if (this.#resuming !== null) clearImmediate(this.#resuming);
    for (const sessionId of this.#cursors.keys()) this.#close(sessionId);
  }

  #inOrder<T>(sessionId: string, step: () => Promise<T>): Promise<T> {
    const previous = this.#steps.get(sessionId);
    const result = previous === undefined ? step() : previous.then(step);
    const settled: Promise<void> = result.then(
      () => this.#forget(sessionId, settled),
      () => this.#forget(sessionId, settled),
    );
    this.#steps.set(sessionId, settled);
    return result;
  }

  #forget(sessionId: string, step: Promise<void>): void {
    if (this.#steps.get(sessionId) === step) this.#steps.delete(sessionId);
  }

  #close(sessionId: string): void {
    const cursor = this.#cursors.get(sessionId);
    if (cursor === undefined) return;
    cursor.close();
    this.#drop(sessionId, cursor);
  }

  #drop(sessionId: string, cursor: Cursor): void {
    this.#waiting.delete(cursor);
    if (this.#cursors.get(sessionId) !== cursor) return;
    this.#cursors.delete(sessionId);
    this.#options.metrics.subscriptionClosed('ws');
  }

  #wait(cursor: Cursor): void {
    if (this.#waiting.size === 0) this.#options.metrics.clientPaused();
    this.#waiting.add(cursor);
  }

  #resume(): void {
    this.#resuming = null;
    let resumed = 0;
    for (const cursor of this.#waiting) {
      if (this.#options.outbox.full) return;
      if (resumed === RESUMED_AT_ONCE) return this.drained();
      this.#waiting.delete(cursor);
      cursor.resume();
      resumed += 1;
    }
  }
}

type CursorState = { type: 'placing' } | { type: 'open'; subscription: Subscription } | { type: 'closed' };

/** One session's events on their way into the outbox. */
class Cursor implements SubscriptionSink {
  readonly #outbox: Outbox;
  readonly #on: { waits(): void; ended(): void };
  #state: CursorState = { type: 'placing' };

  constructor(outbox: Outbox, on: { waits(): void; ended(): void }) {
    this.#outbox = outbox;
    this.#on = on;
  }

  attach(subscription: Subscription): void {
    this.#state = { type: 'open', subscription };
  }

  begin(): void {
    if (this.#state.type === 'open') this.#state.subscription.start();
  }

  resume(): void {
    if (this.#state.type === 'open') this.#state.subscription.resume();
  }

  close(): void {
    if (this.#state.type !== 'open') return;
    const { subscription } = this.#state;
    this.#state = { type: 'closed' };
    subscription.close();
  }

  events(bodies: readonly string[]): boolean {
    if (this.#state.type !== 'open') return false;
    this.#outbox.events(bodies);
    if (!this.#outbox.full) return true;
    this.#on.waits();
    return false;
  }

  heartbeat(body: string): void {
    if (this.#state.type === 'open' && !this.#outbox.full) this.#outbox.notify('heartbeat', body);
  }

  end(): void {
    if (this.#state.type !== 'open') return;
    this.#state = { type: 'closed' };
    this.#on.ended();
  }
}
