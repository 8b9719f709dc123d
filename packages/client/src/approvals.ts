import type { Approval, ApprovalAnswer, Event, Session } from '@hearth/protocol';
import { HearthError } from '@hearth/protocol/errors';
import type { ClientError } from './errors.ts';
import type { OnError } from './listeners.ts';
import type { Follower } from './session-channel.ts';

export interface ApprovalContext {
  /** Aborted when the approval needs no answer any more: somebody else gave one, it expired, its turn was cut. */
  signal: AbortSignal;
}

/** Decides an approval. Undefined leaves it to others, who may look at the same session. */
export type ApprovalHandler = (
  approval: Approval,
  context: ApprovalContext,
) => ApprovalAnswer | undefined | Promise<ApprovalAnswer | undefined>;

/**
 * Asks a handler about each approval of a session once: those that are pending when it joins, then those to come. What
 * was resolved while the connection was lost is told by the signal.
 */
export class ApprovalWatch implements Follower {
  readonly after = 'live';
  readonly resumes = false;
  readonly #handler: ApprovalHandler;
  readonly #answer: (approvalId: string, answer: ApprovalAnswer) => Promise<unknown>;
  readonly #onError: OnError;
  readonly #asked = new Map<string, AbortController>();

  constructor(
    handler: ApprovalHandler,
    answer: (approvalId: string, answer: ApprovalAnswer) => Promise<unknown>,
    onError: OnError,
  ) {
    this.#handler = handler;
    this.#answer = answer;
    this.#onError = onError;
  }

  joined(_lastSeq: number, { approvals }: Session): void {
    const pending = new Set(approvals.map(({ approvalId }) => approvalId));
    for (const approvalId of this.#asked.keys()) {
      if (!pending.has(approvalId)) this.#resolved(approvalId);
    }
    for (const approval of approvals) this.#requested(approval);
  }

  take(event: Event): boolean {
    if (event.type === 'approval.requested') this.#requested(approvalOf(event));
    if (event.type === 'approval.resolved') this.#resolved(event.approvalId);
    return true;
  }

  ended(error?: ClientError): void {
    this.stop();
    if (error instanceof HearthError && error.code !== 'unauthorized') this.#onError(error);
  }

  /** Nothing is answered any more, and running handlers are told so. */
  stop(): void {
    for (const approvalId of this.#asked.keys()) this.#resolved(approvalId);
  }

  #requested(approval: Approval): void {
    if (this.#asked.has(approval.approvalId)) return;
    const controller = new AbortController();
    this.#asked.set(approval.approvalId, controller);
    this.#decide(approval, controller.signal).catch((error: unknown) => {
      if (!controller.signal.aborted) this.#onError(error);
    });
  }

  async #decide(approval: Approval, signal: AbortSignal): Promise<void> {
    const answer = await this.#handler(approval, { signal });
    if (answer === undefined || signal.aborted) return;
    try {
      await this.#answer(approval.approvalId, answer);
    } catch (error) {
      if (!(error instanceof HearthError && error.code === 'approval_resolved')) throw error;
    }
  }

  #resolved(approvalId: string): void {
    const controller = this.#asked.get(approvalId);
    this.#asked.delete(approvalId);
    controller?.abort();
  }
}

function approvalOf(event: Event & { type: 'approval.requested' }): Approval {
  const { approvalId, kind, toolCallId, toolName, input, title, suggestions, questions, expiresAt } = event;
  return {
    approvalId,
    kind,
    toolName,
    input,
    suggestions,
    ...(toolCallId === undefined ? {} : { toolCallId }),
    ...(title === undefined ? {} : { title }),
    ...(questions === undefined ? {} : { questions }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}
