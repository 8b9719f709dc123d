import { HearthError } from '@hearth/protocol';
import type { ApprovalAnswer } from '@hearth/protocol';
import type { SessionActor } from '../actor/session-actor.ts';
import type { EventStore } from '../store/store.ts';
import { logHas } from './read-log.ts';

export interface GivenAnswer {
  approvalId: string;
  answer: ApprovalAnswer;
  by: string;
}

/**
 * Gives the session an answer to an approval.
 * @throws HearthError `approval_resolved`: it has one already, however long ago; `not_found`: it was never asked for;
 * `invalid_request`: the answer does not fit
 */
export async function answerApproval(actor: SessionActor, log: EventStore, given: GivenAnswer): Promise<void> {
  try {
    await actor.request({ type: 'approval.answer', ...given });
  } catch (error) {
    // The core remembers the last ones; what was asked long ago stands in the log.
    const isUnknown = error instanceof HearthError && error.code === 'not_found';
    if (!isUnknown || !(await wasAsked(actor.id, given.approvalId, log))) throw error;
    throw new HearthError('approval_resolved', 'The approval has been answered already.', { cause: error });
  }
}

function wasAsked(sessionId: string, approvalId: string, log: EventStore): Promise<boolean> {
  return logHas(log, sessionId, 'approval.requested', (event) => event.approvalId === approvalId);
}
