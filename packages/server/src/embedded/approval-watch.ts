import { HearthError } from '@hearth/protocol';
import type { Approval, ApprovalAnswer, Event } from '@hearth/protocol';
import type { Watcher } from './watch.ts';

export interface ApprovalContext {
  /** Aborted when the approval needs no answer any more: somebody else gave one, it expired, its turn was cut. */
  signal: AbortSignal;
}

/** Decides an approval. Undefined leaves it to others, who may look at the same session. */
export type ApprovalHandler = (
  approval: Approval,
  context: ApprovalContext,
) => ApprovalAnswer | undefined | Promise<ApprovalAnswer | undefined>;

export interface ApprovalWatchPorts {
  answer(approvalId: string, answer: ApprovalAnswer): Promise<unknown>;
  /** The handler threw, or its answer was refused; the approval still waits. */
  onError(error: unknown, approval: Approval): void;
}

/** Asks a handler about each approval of a session, once. */
export class ApprovalWatch implements Watcher {
  readonly #handler: ApprovalHandler;
  readonly #ports: ApprovalWatchPorts;
  readonly #asked = new Map<string, AbortController>();

  constructor(handler: ApprovalHandler, ports: ApprovalWatchPorts) {
    this.#handler = handler;
    this.#ports = ports;
  }

  /** Asks about an approval that was pending before the watch began. */
  ask(approval: Approval): void {
    if (this.#asked.has(approval.approvalId)) return;
    const controller = new AbortController();
    this.#asked.set(approval.approvalId, controller);
    this.#decide(approval, controller.signal).catch((error: unknown) => {
      if (!controller.signal.aborted) this.#ports.onError(error, approval);
    });
  }

  take(event: Event): void {
    if (event.type === 'approval.requested') this.ask(approvalOf(event));
    if (event.type === 'approval.resolved') this.#settle(event.approvalId);
  }

  /** Running handlers are told that their answer is not needed. */
  ended(): void {
    for (const approvalId of this.#asked.keys()) this.#settle(approvalId);
  }

  async #decide(approval: Approval, signal: AbortSignal): Promise<void> {
    const answer = await this.#handler(approval, { signal });
    if (answer === undefined || signal.aborted) return;
    try {
      await this.#ports.answer(approval.approvalId, answer);
    } catch (error) {
      // Somebody else was quicker, which is as good.
      if (!(error instanceof HearthError && error.code === 'approval_resolved')) throw error;
    }
  }

  #settle(approvalId: string): void {
    const controller = this.#asked.get(approvalId);
    this.#asked.delete(approvalId);
    controller?.abort();
  }
}

function approvalOf(event: Event & { type: 'approval.requested' }): Approval {
  const { sessionId: _s, seq: _q, time: _t, turnId: _i, type: _y, ...approval } = event;
  return approval;
}
