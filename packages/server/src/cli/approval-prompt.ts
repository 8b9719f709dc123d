import { isCancel, multiselect, select, text } from '@clack/prompts';
import type { Approval, ApprovalAnswer, Question } from '@hearth/protocol';
import { describeApproval } from './describe.ts';
import { leavable } from './leavable.ts';
import { oneLine, plain } from './plain.ts';

/** What came of asking: an answer, the wish to stop the turn (Ctrl-C, Ctrl-D), or nothing because it is settled already. */
export type PromptOutcome = { type: 'answer'; answer: ApprovalAnswer } | { type: 'interrupt' } | { type: 'settled' };

const OTHER = '\0other';
const MAX_PLAN_LENGTH = 8_000;

/** Asks at the terminal. @param signal aborted when the approval was settled elsewhere */
export async function promptForApproval(approval: Approval, signal: AbortSignal): Promise<PromptOutcome> {
  const answer = await leavable((left) => ask(approval, left), signal);
  if (signal.aborted) return { type: 'settled' };
  return answer === null ? { type: 'interrupt' } : { type: 'answer', answer };
}

/** Null: the prompt was left. */
async function ask(approval: Approval, signal: AbortSignal): Promise<ApprovalAnswer | null> {
  const { kind, questions = [] } = approval;
  if (kind === 'question') return askQuestions(questions, signal);
  return kind === 'plan' ? askPlan(approval, signal) : askTool(approval, signal);
}

async function askTool(approval: Approval, signal: AbortSignal): Promise<ApprovalAnswer | null> {
  const choice = await select({
    ...at(signal),
    message: `Allow ${describeApproval(approval)}`,
    options: [
      { value: 'once', label: 'Yes, once' },
      ...(approval.suggestions.length === 0
        ? []
        : [{ value: 'session', label: 'Yes, and do not ask again in this session' }]),
      { value: 'deny', label: 'No' },
      { value: 'reason', label: 'No, and say why' },
    ],
  });
  if (isCancel(choice)) return null;
  if (choice === 'once' || choice === 'session') return { decision: 'allow', scope: choice };
  return choice === 'deny' ? { decision: 'deny' } : denyWithReason('Why not?', signal);
}

async function askPlan(approval: Approval, signal: AbortSignal): Promise<ApprovalAnswer | null> {
  const { input } = approval;
  const plan = typeof input === 'object' && input !== null && 'plan' in input ? input.plan : undefined;
  if (typeof plan === 'string') process.stderr.write(`\n${plain(plan).slice(0, MAX_PLAN_LENGTH)}\n\n`);
  const choice = await select({
    ...at(signal),
    message: 'Go on with this plan?',
    options: [
      { value: 'allow', label: 'Yes' },
      { value: 'reason', label: 'No, change it' },
    ],
  });
  if (isCancel(choice)) return null;
  return choice === 'allow' ? { decision: 'allow' } : denyWithReason('What should be different?', signal);
}

async function denyWithReason(message: string, signal: AbortSignal): Promise<ApprovalAnswer | null> {
  const reason = await text({ ...at(signal), message });
  if (isCancel(reason)) return null;
  return reason.trim() === '' ? { decision: 'deny' } : { decision: 'deny', message: reason };
}

async function askQuestions(questions: readonly Question[], signal: AbortSignal): Promise<ApprovalAnswer | null> {
  const answers: Record<string, string | string[]> = {};
  for (const question of questions) {
    const answer = await askQuestion(question, signal);
    if (answer === null) return null;
    answers[question.question] = answer;
  }
  return { decision: 'answer', answers };
}

async function askQuestion(question: Question, signal: AbortSignal): Promise<string | string[] | null> {
  const message = oneLine(question.question, 1_000);
  const options = question.options.map(({ label, description }) => ({
    value: label,
    label: oneLine(label, 200),
    ...(description === undefined ? {} : { hint: oneLine(description, 200) }),
  }));
  if (question.multiSelect === true) {
    const labels = await multiselect({ ...at(signal), message, options, required: false });
    return isCancel(labels) ? null : labels;
  }
  const label = await select({
    ...at(signal),
    message,
    options: [...options, { value: OTHER, label: 'Something else…' }],
  });
  if (isCancel(label)) return null;
  if (label !== OTHER) return label;
  const free = await text({ ...at(signal), message });
  return isCancel(free) ? null : free;
}

function at(signal: AbortSignal): { signal: AbortSignal; output: NodeJS.WriteStream } {
  return { signal, output: process.stderr };
}
