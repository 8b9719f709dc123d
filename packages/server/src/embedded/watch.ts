import type { Event, Session } from '@hearth/protocol';
import type { Sessions, SubscriptionSink } from '../router/sessions.ts';

/** Looks at a session's events as they are stored, and keeps none. */
export interface Watcher {
  take(event: Event): void;
  /** Nothing comes any more: the session was deleted, or the server stops. Not called after `close`. */
  ended(): void;
}

export interface Watch {
  /** The session as it was when the watch was placed. */
  readonly session: Session;
  /** Begins to give events. */
  start(): void;
  close(): void;
}

/**
 * Gives every event after the cursor to a watcher, which must not wait.
 * @param after the last seq seen; 0: the whole log; -1: live only
 */
export async function watchSession(
  sessions: Sessions,
  sessionId: string,
  after: number,
  watcher: Watcher,
): Promise<Watch> {
  let open = true;
  const sink: SubscriptionSink = {
    events: (bodies) => {
      for (const body of bodies) if (open) watcher.take(JSON.parse(body) as Event);
      return open;
    },
    heartbeat: () => undefined,
    end: () => {
      if (open) watcher.ended();
      open = false;
    },
  };
  const subscription = await sessions.subscribe(sessionId, after, sink);
  return {
    session: subscription.session,
    start: () => subscription.start(),
    close: () => {
      open = false;
      subscription.close();
    },
  };
}
