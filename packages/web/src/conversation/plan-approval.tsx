import { useState } from 'react';
import { Button } from '../parts/button.tsx';
import { strings } from '../strings/strings.ts';
import { useApprovalKeys } from './approval-keys.ts';
import { DenyForm } from './deny-form.tsx';
import { KeyHint } from './key-hint.tsx';
import { Prose } from './prose.tsx';
import type { ApprovalBodyProps } from './tool-approval.tsx';
import { ToolInput } from './tool-input.tsx';
import { field } from './tool-words.ts';

const words = strings.conversation.approval;

/** A plan that wants a yes before anything is done. */
export function PlanApproval({ approval: { input, toolName }, send, isFirst }: ApprovalBodyProps) {
  const [denying, setDenying] = useState(false);
  const plan = field(input, 'plan');
  const approve = (): void => send({ decision: 'allow' });
  useApprovalKeys(isFirst && !denying, { Y: approve, N: () => setDenying(true) });
  return (
    <>
      {plan === undefined ? (
        <ToolInput name={toolName} input={input} />
      ) : (
        <div className="max-h-[36dvh] overflow-y-auto" tabIndex={0} role="region" aria-label={words.thePlan}>
          <Prose text={plan} streaming={false} />
        </div>
      )}
      {denying ? (
        <DenyForm
          word={words.keepPlanning}
          asksWhy={words.whatDifferent}
          back={() => setDenying(false)}
          deny={(reason) => send({ decision: 'deny', message: reason === '' ? words.notThisPlan : reason })}
        />
      ) : (
        <div className="flex flex-wrap gap-2">
          <Button look="primary" onClick={approve} aria-keyshortcuts="Alt+Y">
            {words.approvePlan} <KeyHint letter="Y" />
          </Button>
          <Button look="danger" onClick={() => setDenying(true)} aria-keyshortcuts="Alt+N">
            {words.keepPlanning} … <KeyHint letter="N" />
          </Button>
        </div>
      )}
    </>
  );
}
