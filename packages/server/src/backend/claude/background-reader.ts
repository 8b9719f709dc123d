import type { BackgroundTask } from '@hearth/protocol';
import type { WireMessage } from './sdk-message.ts';

/**
 * The tasks that run beside the turns. `background_tasks_changed` tells all that run; the end of one is told by its own
 * messages, before it leaves that list.
 */
export class BackgroundReader {
  #tasks = new Map<string, BackgroundTask>();

  /** @returns the tasks that run, and those that ended just now, when something changed */
  onMessage(message: WireMessage): BackgroundTask[] | undefined {
    switch (message.subtype) {
      case 'background_tasks_changed':
        return this.#onList(message);
      case 'task_updated':
        return this.#onEnd(message.task_id, message.patch?.status);
      case 'task_notification':
        return this.#onEnd(message.task_id, message.status ?? undefined);
      default:
        return undefined;
    }
  }

  #onList(message: WireMessage): BackgroundTask[] | undefined {
    const before = this.#running();
    const listed = (message.tasks ?? []).filter((task) => task.ambient !== true);
    const next = new Map<string, BackgroundTask>();
    for (const task of listed) {
      const known = this.#tasks.get(task.task_id);
      next.set(task.task_id, {
        taskId: task.task_id,
        kind: task.task_type ?? 'task',
        title: task.description ?? task.task_id,
        status: known?.status ?? 'running',
      });
    }
    this.#tasks = next;
    return sameTasks(before, this.#running()) ? undefined : [...next.values()];
  }

  #onEnd(taskId: string | undefined, status: string | undefined): BackgroundTask[] | undefined {
    const task = this.#tasks.get(taskId ?? '');
    const ended = endOf(status);
    if (task === undefined || ended === undefined || task.status === ended) return undefined;
    this.#tasks.set(task.taskId, { ...task, status: ended });
    return [...this.#tasks.values()];
  }

  #running(): BackgroundTask[] {
    return [...this.#tasks.values()].filter((task) => task.status === 'running');
  }
}

function endOf(status: string | undefined): BackgroundTask['status'] | undefined {
  if (status === 'completed' || status === 'failed') return status;
  return status === 'killed' || status === 'stopped' ? 'stopped' : undefined;
}

function sameTasks(before: BackgroundTask[], after: BackgroundTask[]): boolean {
  return before.length === after.length && before.every((task, index) => task.taskId === after[index]?.taskId);
}
