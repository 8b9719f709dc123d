import type { Session, SessionSummary } from '@hearth/protocol';

/** A session without what may be large: contents of messages that wait, inputs of tools, metadata. */
export function summaryOf({ queue, approvals, metadata: _, ...session }: Session): SessionSummary {
  return {
    ...session,
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
