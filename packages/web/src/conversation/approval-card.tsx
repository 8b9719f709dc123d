import type { Approval, ApprovalAnswer } from '@hearth/protocol';
import { ShieldQuestion } from 'lucide-react';
import { useState } from 'react';
import { ErrorBox } from '../parts/error-box.tsx';
import { asProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { strings } from '../strings/strings.ts';
import { PlanApproval } from './plan-approval.tsx';
import { QuestionForm } from './question-form.tsx';
import { ToolApproval } from './tool-approval.tsx';

const words = strings.conversation.approval;

export interface ApprovalCardProps {
  approval: Approval;
  answer: (answer: ApprovalAnswer) => Promise<unknown>;
  /** The keyboard answers this one. */
  isFirst: boolean;
}

/** What the agent waits for: leave to use a tool, answers, or a yes to its plan. */
export function ApprovalCard({ approval, answer, isFirst }: ApprovalCardProps) {
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const send = (given: ApprovalAnswer): void => {
    if (sending) return;
    setSending(true);
    setProblem(undefined);
    answer(given).catch((error: unknown) => {
      setProblem(asProblem(error));
      setSending(false);
    });
  };
  const body = { approval, send, isFirst: isFirst && !sending };
  return (
    <section
      aria-label={words.headings[approval.kind]}
      data-approval={approval.approvalId}
      className="mb-3 overflow-hidden rounded-2xl border-2 border-warn/45 bg-panel shadow-lg shadow-warn/5"
    >
      <header className="flex items-center gap-2.5 bg-warn-soft px-4 py-2 text-warn">
        <ShieldQuestion className="size-5 shrink-0" aria-hidden="true" />
        <h3 className="text-sm font-semibold">{words.headings[approval.kind]}</h3>
        {approval.kind === 'tool' && (
          <span className="ms-auto rounded-md border border-warn/30 px-1.5 font-mono text-xs">{approval.toolName}</span>
        )}
      </header>
      <fieldset disabled={sending} className="min-w-0 space-y-4 px-4 py-3.5">
        {approval.kind === 'tool' && <ToolApproval {...body} />}
        {approval.kind === 'plan' && <PlanApproval {...body} />}
        {approval.kind === 'question' && (
          <QuestionForm
            questions={approval.questions ?? []}
            isFirst={body.isFirst}
            answer={(answers) => send({ decision: 'answer', answers })}
            decline={() => send({ decision: 'deny', message: words.notAnswered })}
          />
        )}
        {problem !== undefined && <ErrorBox message={problem.message} hint={problem.hint} />}
      </fieldset>
    </section>
  );
}
