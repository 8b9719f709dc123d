import type { Approval, ApprovalAnswer } from '@hearth/protocol';
import { ShieldQuestion } from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Button } from '../parts/button.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { asProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { Prose } from './prose.tsx';
import { QuestionForm } from './question-form.tsx';
import { ToolInput } from './tool-input.tsx';
import { field, gist } from './tool-words.ts';

export interface ApprovalCardProps {
  approval: Approval;
  answer: (answer: ApprovalAnswer) => Promise<unknown>;
}

/** What the agent waits for: leave to use a tool, answers, or a yes to its plan. */
export function ApprovalCard({ approval, answer }: ApprovalCardProps) {
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const send = (given: ApprovalAnswer): void => {
    setSending(true);
    setProblem(undefined);
    answer(given).catch((error: unknown) => {
      setProblem(asProblem(error));
      setSending(false);
    });
  };
  return (
    <section
      aria-label={HEADINGS[approval.kind]}
      data-approval={approval.approvalId}
      className="my-4 overflow-hidden rounded-2xl border-2 border-warn/45 bg-panel shadow-lg shadow-warn/5"
    >
      <header className="flex items-center gap-2.5 bg-warn-soft px-4 py-2.5 text-warn">
        <ShieldQuestion className="size-5" aria-hidden="true" />
        <h3 className="text-sm font-semibold">{HEADINGS[approval.kind]}</h3>
        {approval.kind === 'tool' && (
          <span className="ml-auto rounded-md border border-warn/30 px-1.5 font-mono text-xs">{approval.toolName}</span>
        )}
      </header>
      <fieldset disabled={sending} className="min-w-0 space-y-4 px-4 py-4">
        <Body approval={approval} send={send} />
        {problem !== undefined && <ErrorBox message={problem.message} hint={problem.hint} />}
      </fieldset>
    </section>
  );
}

const HEADINGS = {
  tool: 'Your permission is needed',
  question: 'A question for you',
  plan: 'A plan for you to approve',
} as const;

interface BodyProps {
  approval: Approval;
  send: (answer: ApprovalAnswer) => void;
}

function Body({ approval, send }: BodyProps) {
  switch (approval.kind) {
    case 'tool':
      return <ToolBody approval={approval} send={send} />;
    case 'question':
      return (
        <QuestionForm
          questions={approval.questions ?? []}
          answer={(answers) => send({ decision: 'answer', answers })}
          decline={() => send({ decision: 'deny', message: 'The user does not want to answer that.' })}
        />
      );
    case 'plan':
      return <PlanBody approval={approval} send={send} />;
  }
}

function ToolBody({ approval, send }: BodyProps) {
  const lead = field(approval.input, 'description') ?? approval.title;
  return (
    <>
      {lead !== undefined && !isRepeated(lead, approval.input) && <p className="text-sm font-medium">{lead}</p>}
      <ToolInput name={approval.toolName} input={approval.input} />
      <Choice
        deny={(message) => send({ decision: 'deny', message })}
        denyWord="Deny"
        asksWhy="What should it do instead? (optional)"
      >
        <Button look="primary" onClick={() => send({ decision: 'allow', scope: 'once' })}>
          Allow once
        </Button>
        {approval.suggestions.length > 0 && (
          <Button onClick={() => send({ decision: 'allow', scope: 'session' })}>Allow for this session</Button>
        )}
      </Choice>
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

function PlanBody({ approval, send }: BodyProps) {
  const plan = field(approval.input, 'plan');
  return (
    <>
      {plan === undefined ? (
        <ToolInput name={approval.toolName} input={approval.input} />
      ) : (
        <div className="max-h-[50vh] overflow-y-auto" tabIndex={0} role="region" aria-label="The plan">
          <Prose text={plan} streaming={false} />
        </div>
      )}
      <Choice
        deny={(message) => send({ decision: 'deny', message })}
        denyWord="Keep planning"
        asksWhy="What should be different? (optional)"
      >
        <Button look="primary" onClick={() => send({ decision: 'allow' })}>
          Approve the plan
        </Button>
      </Choice>
    </>
  );
}

interface ChoiceProps {
  children: ReactNode;
  denyWord: string;
  asksWhy: string;
  deny: (message: string) => void;
}

function Choice({ children, denyWord, asksWhy, deny }: ChoiceProps) {
  const [denying, setDenying] = useState(false);
  const [reason, setReason] = useState('');
  if (!denying) {
    return (
      <div className="flex flex-wrap gap-2">
        {children}
        <Button look="danger" onClick={() => setDenying(true)}>
          {denyWord} …
        </Button>
      </div>
    );
  }
  return (
    <form
      className="space-y-2.5"
      onSubmit={(event) => {
        event.preventDefault();
        deny(reason.trim() === '' ? 'The user does not allow this.' : reason.trim());
      }}
    >
      <label className="block text-sm">
        <span className="text-soft">{asksWhy}</span>
        <input
          autoFocus
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          className="mt-1 block h-9 w-full rounded-lg border border-line bg-paper px-3"
        />
      </label>
      <div className="flex flex-wrap gap-2">
        <Button look="danger" type="submit">
          {denyWord}
        </Button>
        <Button look="bare" onClick={() => setDenying(false)}>
          Back
        </Button>
      </div>
    </form>
  );
}
