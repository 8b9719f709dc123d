import type { Approval, PermissionMode, Question } from '@hearth/protocol';
import type { ToolCall } from '@hearth/testkit/scripted-agent';

const EDITS = new Set(['Write', 'Edit', 'MultiEdit', 'NotebookEdit']);
const ASKED = new Set([...EDITS, 'Bash', 'WebFetch']);
/** Commands that only look, or that do nothing; everything that chains or redirects is asked for. */
const HARMLESS_COMMAND = /^(echo|ls|pwd|cat|sleep|tail|true|date|git status)\b[^;&|<>`$\n]*$/;

/** The approval that a tool call needs, by the rules that Claude Code has by default; null: none. */
export function approvalFor(call: ToolCall, mode: PermissionMode, approvalId: string): Approval | null {
  const { name, input, toolCallId } = call;
  const asked = { approvalId, toolCallId, toolName: name, input, suggestions: [] };
  if (name === 'AskUserQuestion') return { ...asked, kind: 'question', questions: questionsOf(input) };
  if (name === 'ExitPlanMode') return { ...asked, kind: 'plan' };
  if (mode === 'bypassPermissions' || !ASKED.has(name)) return null;
  if (mode === 'acceptEdits' && EDITS.has(name)) return null;
  const { command } = input;
  if (name === 'Bash' && typeof command === 'string' && HARMLESS_COMMAND.test(command)) return null;
  const rule = {
    type: 'addRules',
    rules: [{ toolName: name, ruleContent: titleOf(call) }],
    behavior: 'allow',
    destination: 'session',
  };
  return { ...asked, kind: 'tool', title: titleOf(call), suggestions: [rule] };
}

function titleOf({ name, input }: ToolCall): string {
  const { command, file_path: path } = input;
  if (typeof command === 'string') return command;
  return typeof path === 'string' ? `${name} ${path}` : name;
}

function questionsOf(input: ToolCall['input']): Question[] {
  const { questions } = input;
  return Array.isArray(questions) ? (questions as unknown as Question[]) : [];
}
