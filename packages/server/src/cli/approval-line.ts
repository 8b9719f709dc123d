import type { Approval, ApprovalAnswer } from '@hearth/protocol';
import { standingAnswer } from './approval-choice.ts';
import type { ApprovalPolicy } from './approval-choice.ts';
import type { PromptOutcome } from './approval-prompt.ts';

export interface ApprovalLinePorts {
  policy: ApprovalPolicy;
  answer(approvalId: string, answer: ApprovalAnswer): Promise<void>;
  /** Asks somebody; only with the policy `ask`. */
  ask(approval: Approval, signal: AbortSignal): Promise<PromptOutcome>;
  /** Somebody left the question to stop the turn. */
  interrupt(): void;
  /** Told of every answer that nobody gave. */
  decided(approval: Approval, policy: 'allow' | 'deny'): void;
  failed(error: unknown): void;
}

/** Settles approvals one after the other, although tools may ask in parallel. */
export class ApprovalLine {
  readonly #ports: ApprovalLinePorts;
  readonly #open = new Map<string, AbortController>();
  #last: Promise<void> = Promise.resolve();

  constructor(ports: ApprovalLinePorts) {
    this.#ports = ports;
  }

  add(approval: Approval): void {
    if (this.#open.has(approval.approvalId)) return;
    const controller = new AbortController();
    this.#open.set(approval.approvalId, controller);
    this.#last = this.#last
      .then(() => this.#settle(approval, controller.signal))
      .catch((error: unknown) => this.#ports.failed(error));
  }

  /** It was answered elsewhere, or needs no answer any more. */
  resolved(approvalId: string): void {
    this.#open.get(approvalId)?.abort();
    this.#open.delete(approvalId);
  }

  /** Takes every question back. */
  close(): void {
    for (const approvalId of this.#open.keys()) this.resolved(approvalId);
  }

  async #settle(approval: Approval, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { policy } = this.#ports;
    if (policy !== 'ask') {
      this.#ports.decided(approval, policy);
      await this.#answer(approval, standingAnswer(policy, approval.kind));
      return;
    }
    const outcome = await this.#ports.ask(approval, signal);
    if (outcome.type === 'answer') await this.#answer(approval, outcome.answer);
    if (outcome.type === 'interrupt') this.#ports.interrupt();
  }

  async #answer({ approvalId }: Approval, answer: ApprovalAnswer): Promise<void> {
    try {
      await this.#ports.answer(approvalId, answer);
    } catch (error) {
      // Somebody else was quicker, which is as good.
      if (!(error instanceof Error && 'code' in error && error.code === 'approval_resolved')) throw error;
    }
  }
}
