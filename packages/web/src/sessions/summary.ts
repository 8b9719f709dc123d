import type { Session, SessionSummary } from '@hearth/protocol';

/** What the list keeps of a session that was read whole. */
export function summaryOf(session: Session): SessionSummary {
  const { queue, approvals, metadata: _, ...light } = session;
  return { ...light, queued: queue.length, approvals };
}
