import type { Session, SessionSummary } from '@hearth/protocol';

/** A session without what may be large: contents of messages that wait, inputs of tools, metadata. */
export function summaryOf(session: Session): SessionSummary {
  const { queue, approvals, metadata: _, ...light } = session;
  return {
    ...light,
    queued: queue.length,
    approvals: approvals.map(({ approvalId, kind, toolName, title, expiresAt }) => ({
      approvalId,
      kind,
      toolName,
      ...(title === undefined ? {} : { title }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    })),
  };
}
