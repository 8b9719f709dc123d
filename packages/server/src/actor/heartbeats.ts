import { HEARTBEAT_INTERVAL_MS } from '@hearth/protocol';
import type { Heartbeat } from '@hearth/protocol';
import type { Clock } from '../concurrency/clock.ts';
import type { EventLog } from '../event-log/event-log.ts';
import type { SessionRegistry } from './session-registry.ts';

/** Tells the subscribers of every session that works that it still does. One timer for all. @returns stops it */
export function startHeartbeats(registry: SessionRegistry, eventLog: EventLog, clock: Clock): () => void {
  const timer = setInterval(() => {
    for (const actor of registry.loaded()) {
      const { phase } = actor.session;
      if (phase === 'idle' || phase === 'closed' || eventLog.subscribers(actor.id) === 0) continue;
      const elapsedMs = Math.max(0, clock.now() - actor.phaseSince);
      const heartbeat: Heartbeat = { sessionId: actor.id, phase, elapsedMs };
      eventLog.broadcastHeartbeat(actor.id, JSON.stringify(heartbeat));
    }
  }, HEARTBEAT_INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
