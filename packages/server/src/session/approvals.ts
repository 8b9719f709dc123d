import type { Approval, ApprovalOutcome } from '@hearth/protocol';
import { RESOLVED_APPROVALS_KEPT } from './state.ts';
import { at, without } from './record.ts';
import type { InputOf, Step } from './step.ts';

export function requestApproval(step: Step, asked: Approval): void {
  if (at(step.state.approvals, asked.approvalId) !== undefined) return;
  const timeoutMs = step.context.config.approvalTimeoutMs;
  const expiresAt = timeoutMs === null ? null : step.now + timeoutMs;
  const remindAt = timeoutMs === null ? null : step.now + timeoutMs - reminderMs(timeoutMs);
  const approval = expiresAt === null ? asked : { ...asked, expiresAt: new Date(expiresAt).toISOString() };
  step.set({ approvals: { ...step.state.approvals, [approval.approvalId]: { approval, expiresAt, remindAt } } });
  step.emitInTurn({ type: 'approval.requested', ...approval });
}

export function answerApproval(step: Step, input: InputOf<'approval.answer'>): void {
  const { approvalId, answer, requestId } = input;
  const pending = at(step.state.approvals, approvalId);
  if (pending === undefined) {
    if (step.state.resolvedApprovals.includes(approvalId)) {
      step.refuse(requestId, 'approval_resolved', 'The approval has been answered already.');
    } else {
      step.refuse(requestId, 'not_found', 'There is no such approval in this session.');
    }
    return;
  }
  if (answer.decision === 'answer' && pending.approval.kind === 'tool') {
    step.refuse(requestId, 'invalid_request', 'A tool is allowed or denied; only questions are answered.');
    return;
  }
  step.run({ type: 'agent.answer', generation: step.state.agent.generation, approvalId, answer });
  resolve(step, approvalId, answer.decision, {
    ...(answer.decision === 'deny' ? {} : { scope: answer.scope ?? 'once' }),
    by: input.by,
    ...(answer.message === undefined ? {} : { message: answer.message }),
  });
  step.setTurn({ lastActivityAt: step.now });
  step.done(requestId);
}

/** Ends pending approvals without an answer: all, or one. */
export function cancelApprovals(step: Step, only?: string): void {
  for (const approvalId of Object.keys(step.state.approvals)) {
    if (only === undefined || only === approvalId) resolve(step, approvalId, 'cancelled');
  }
}

/** How long before its end clients are reminded of an approval: at a fifth of its time, at most a minute. */
function reminderMs(timeoutMs: number): number {
  return Math.min(Math.round(timeoutMs / 5), 60_000);
}

/** Tells of the approvals that will expire soon. */
export function remindOfApprovals(step: Step): void {
  for (const [approvalId, pending] of Object.entries(step.state.approvals)) {
    const { approval, expiresAt, remindAt } = pending;
    if (expiresAt === null || remindAt === null || remindAt > step.now) continue;
    step.set({ approvals: { ...step.state.approvals, [approvalId]: { ...pending, remindAt: null } } });
    const seconds = Math.max(1, Math.round((expiresAt - step.now) / 1000));
    const text = `${approval.toolName} waits for an answer: without one it is denied in ${seconds} s.`;
    step.emitInTurn({ type: 'notice', level: 'warning', code: 'approval_expiring', text });
  }
}

/** Denies the approvals whose time is up. */
export function expireApprovals(step: Step): void {
  for (const [approvalId, { expiresAt }] of Object.entries(step.state.approvals)) {
    if (expiresAt === null || expiresAt > step.now) continue;
    const message = 'Nobody answered in time.';
    const answer = { decision: 'deny' as const, message };
    step.run({ type: 'agent.answer', generation: step.state.agent.generation, approvalId, answer });
    resolve(step, approvalId, 'expired', { message });
    step.setTurn({ lastActivityAt: step.now });
  }
}

interface ResolutionDetails {
  scope?: 'once' | 'session';
  by?: string;
  message?: string;
}

function resolve(step: Step, approvalId: string, decision: ApprovalOutcome, details: ResolutionDetails = {}): void {
  step.set({
    approvals: without(step.state.approvals, approvalId),
    resolvedApprovals: [...step.state.resolvedApprovals, approvalId].slice(-RESOLVED_APPROVALS_KEPT),
  });
  step.emitInTurn({ type: 'approval.resolved', approvalId, decision, ...details });
}
