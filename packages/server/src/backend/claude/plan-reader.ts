import type { PlanEntry } from '@hearth/protocol';

/**
 * The agent's to-do list. `TodoWrite` replaces it whole; `TaskCreate` and `TaskUpdate` change an entry, whose id is in the
 * tool's structured output.
 */
export class PlanReader {
  #tasks = new Map<string, PlanEntry>();

  /** @returns the whole list when this tool call, which succeeded, changed it */
  onToolCompleted(name: string, input: unknown, structured: unknown): PlanEntry[] | undefined {
    switch (name) {
      case 'TodoWrite':
        return listOf(recordOf(input)['todos']).flatMap((todo) => {
          const { content, status } = recordOf(todo);
          return typeof content === 'string' ? [{ content, status: statusOf(status) }] : [];
        });
      case 'TaskCreate':
        return this.#create(recordOf(input), recordOf(recordOf(structured)['task']));
      case 'TaskUpdate':
        return this.#update(recordOf(input));
      default:
        return undefined;
    }
  }

  #create(input: Record<string, unknown>, task: Record<string, unknown>): PlanEntry[] | undefined {
    const { id } = task;
    if (typeof id !== 'string' || typeof input['subject'] !== 'string') return undefined;
    this.#tasks.set(id, { content: input['subject'], status: 'pending' });
    return [...this.#tasks.values()];
  }

  #update(input: Record<string, unknown>): PlanEntry[] | undefined {
    const { taskId, subject, status } = input;
    if (typeof taskId !== 'string') return undefined;
    const task = this.#tasks.get(taskId);
    if (task === undefined) return undefined;
    if (status === 'deleted') this.#tasks.delete(taskId);
    else {
      this.#tasks.set(taskId, {
        content: typeof subject === 'string' ? subject : task.content,
        status: status === undefined ? task.status : statusOf(status),
      });
    }
    return [...this.#tasks.values()];
  }
}

function statusOf(status: unknown): PlanEntry['status'] {
  return status === 'in_progress' || status === 'completed' ? status : 'pending';
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
