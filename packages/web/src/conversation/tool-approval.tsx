import type { Approval, ApprovalAnswer } from '@hearth/protocol';
import { useState } from 'react';
import { Button } from '../parts/button.tsx';
import { strings } from '../strings/strings.ts';
import { useApprovalKeys } from './approval-keys.ts';
import { DenyForm } from './deny-form.tsx';
import { InputEditor } from './input-editor.tsx';
import { KeyHint } from './key-hint.tsx';
import { ruleTexts } from './permission-rule.ts';
import { ToolInput } from './tool-input.tsx';
import { field, gist } from './tool-words.ts';

const words = strings.conversation.approval;

export interface ApprovalBodyProps {
  approval: Approval;
  send: (answer: ApprovalAnswer) => void;
  isFirst: boolean;
}

/** Leave for one call of a tool: exactly what it would do, and all that can be said to it. */
export function ToolApproval({ approval, send, isFirst }: ApprovalBodyProps) {
  const [step, setStep] = useState<'asked' | 'denying' | 'editing'>('asked');
  const { input, suggestions, title, toolName } = approval;
  const rules = ruleTexts(suggestions);
  const allow = (): void => send({ decision: 'allow', scope: 'once' });
  const allowForSession = rules.length === 0 ? undefined : () => send({ decision: 'allow', scope: 'session' });
  useApprovalKeys(isFirst && step === 'asked', {
    Y: allow,
    S: allowForSession,
    E: () => setStep('editing'),
    N: () => setStep('denying'),
  });
  const lead = field(input, 'description') ?? title;
  const back = (): void => setStep('asked');
  if (step === 'editing') {
    return (
      <InputEditor
        name={toolName}
        input={input}
        back={back}
        allow={(updatedInput) => send({ decision: 'allow', scope: 'once', updatedInput })}
      />
    );
  }
  return (
    <>
      {lead !== undefined && !isRepeated(lead, input) && (
        <p dir="auto" className="text-sm font-medium">
          {lead}
        </p>
      )}
      <ToolInput name={toolName} input={input} />
      {step === 'denying' ? (
        <DenyForm
          word={words.deny}
          asksWhy={words.insteadOf}
          back={back}
          deny={(reason) => send({ decision: 'deny', message: reason === '' ? words.notAllowed : reason })}
        />
      ) : (
        <div className="space-y-2.5">
          <div className="flex flex-wrap gap-2">
            <Button look="primary" onClick={allow} aria-keyshortcuts="Alt+Y">
              {words.allowOnce} <KeyHint letter="Y" />
            </Button>
            {allowForSession !== undefined && (
              <Button
                onClick={allowForSession}
                aria-keyshortcuts="Alt+S"
                aria-describedby={`rules-${approval.approvalId}`}
              >
                {words.allowForSession} <KeyHint letter="S" />
              </Button>
            )}
            <Button onClick={() => setStep('editing')} aria-keyshortcuts="Alt+E">
              {words.edit} <KeyHint letter="E" />
            </Button>
            <Button look="danger" onClick={() => setStep('denying')} aria-keyshortcuts="Alt+N">
              {words.deny} … <KeyHint letter="N" />
            </Button>
          </div>
          {rules.length > 0 && (
            <div id={`rules-${approval.approvalId}`} className="text-xs text-soft" data-rules>
              {words.forSessionMeans}
              <ul className="mt-0.5 list-disc ps-4">
                {rules.map((rule) => (
                  <li key={rule} className="[overflow-wrap:anywhere]">
                    <bdi>{rule}</bdi>
                  </li>
                ))}
              </ul>
            </div>
          )}
        </div>
      )}
    </>
  );
}

/** A title that only says the command or the file again is no help. */
function isRepeated(lead: string, input: unknown): boolean {
  const said = gist(input);
  return said !== undefined && oneLine(lead).startsWith(oneLine(said).slice(0, 60));
}

function oneLine(text: string): string {
  return text.replaceAll(/[\s⏎]+/g, ' ').trim();
}
