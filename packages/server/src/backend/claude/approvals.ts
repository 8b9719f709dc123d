import type { CanUseTool, PermissionResult, PermissionUpdate } from '@anthropic-ai/claude-agent-sdk';
import type { Approval, ApprovalAnswer, ApprovalKind, Question } from '@hearth/protocol';
import type { AgentEvent } from '../backend.ts';
import { presentTool } from './tool-presentation.ts';

const DENIED = 'The user did not allow this tool call.';

interface Pending {
  kind: ApprovalKind;
  input: Record<string, unknown>;
  suggestions: PermissionUpdate[];
  settle: (result: PermissionResult) => void;
}

export interface ApprovalsDeps {
  newId: () => string;
  emit: (event: AgentEvent) => void;
  /** Resolves when `tool.called` was emitted for the call, so that the question never comes before its cause. */
  whenCalled: (toolCallId: string) => Promise<void>;
  /** The text of the plan that a call of `ExitPlanMode` is about. */
  planOf: (toolCallId: string) => Promise<string | undefined>;
}

/** The tool calls that wait for the user's word, as many at once as there are. */
export class Approvals {
  readonly #deps: ApprovalsDeps;
  readonly #pending = new Map<string, Pending>();

  constructor(deps: ApprovalsDeps) {
    this.#deps = deps;
  }

  /** For the SDK's option `canUseTool`. */
  readonly canUseTool: CanUseTool = async (toolName, input, options) => {
    await this.#deps.whenCalled(options.toolUseID);
    const kind = kindOf(toolName);
    // The tool itself gets no plan: the agent writes it to a file, which is of no use to somebody far away.
    const plan = kind === 'plan' ? await this.#deps.planOf(options.toolUseID) : undefined;
    if (options.signal.aborted) return denial();
    const approvalId = this.#deps.newId();
    const suggestions = options.suppressAlwaysAllowRule === true ? [] : (options.suggestions ?? []);
    return new Promise((resolve) => {
      const settle = (result: PermissionResult): void => {
        this.#pending.delete(approvalId);
        options.signal.removeEventListener('abort', onAbort);
        resolve(result);
      };
      const onAbort = (): void => {
        settle(denial());
        this.#deps.emit({ type: 'approval.withdrawn', approvalId });
      };
      options.signal.addEventListener('abort', onAbort, { once: true });
      this.#pending.set(approvalId, { kind, input, suggestions, settle });
      const questions = kind === 'question' ? { questions: questionsOf(input) } : {};
      const approval: Approval = {
        approvalId,
        kind,
        toolCallId: options.toolUseID,
        toolName,
        input: plan === undefined ? input : { ...input, plan },
        title: options.title ?? presentTool(toolName, input).title,
        suggestions,
        ...questions,
      };
      this.#deps.emit({ type: 'approval.requested', approval });
    });
  };

  /** @returns false when nothing waits under that id */
  answer(approvalId: string, answer: ApprovalAnswer): boolean {
    const pending = this.#pending.get(approvalId);
    if (pending === undefined) return false;
    pending.settle(resultOf(pending, answer));
    return true;
  }

  /** The process is gone: nobody waits any more. */
  withdrawAll(): void {
    for (const [approvalId, pending] of this.#pending) {
      pending.settle(denial());
      this.#deps.emit({ type: 'approval.withdrawn', approvalId });
    }
  }
}

function resultOf(pending: Pending, answer: ApprovalAnswer): PermissionResult {
  if (answer.decision === 'deny') return denial(answer.message);
  const input = { ...pending.input, ...answer.updatedInput };
  if (answer.answers !== undefined) input['answers'] = answersOf(answer.answers);
  const remember = answer.scope === 'session' && pending.suggestions.length > 0;
  return {
    behavior: 'allow',
    updatedInput: answer.answers === undefined ? (answer.updatedInput ?? pending.input) : input,
    ...(remember ? { updatedPermissions: pending.suggestions.map(forSession) } : {}),
  };
}

/** `scope: "session"` means this session: a suggestion to write to a settings file is not followed. */
function forSession(update: PermissionUpdate): PermissionUpdate {
  return { ...update, destination: 'session' };
}

function denial(message = DENIED): PermissionResult {
  return { behavior: 'deny', message: message.trim() === '' ? DENIED : message };
}

function kindOf(toolName: string): ApprovalKind {
  if (toolName === 'AskUserQuestion') return 'question';
  return toolName === 'ExitPlanMode' ? 'plan' : 'tool';
}

/** The tool wants one string per question; several labels are joined by commas, as its own prompt joins them. */
function answersOf(answers: Record<string, string | string[]>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(answers).map(([question, given]) => [question, Array.isArray(given) ? given.join(', ') : given]),
  );
}

function questionsOf(input: Record<string, unknown>): Question[] {
  const questions: unknown[] = Array.isArray(input['questions']) ? input['questions'] : [];
  return questions.flatMap((value) => {
    const entry = recordOf(value);
    if (typeof entry['question'] !== 'string') return [];
    const options: unknown[] = Array.isArray(entry['options']) ? entry['options'] : [];
    return [
      {
        question: entry['question'],
        ...(typeof entry['header'] === 'string' ? { header: entry['header'] } : {}),
        ...(typeof entry['multiSelect'] === 'boolean' ? { multiSelect: entry['multiSelect'] } : {}),
        options: options.flatMap((option) => {
          const { label, description } = recordOf(option);
          if (typeof label !== 'string') return [];
          return [{ label, ...(typeof description === 'string' ? { description } : {}) }];
        }),
      },
    ];
  });
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
