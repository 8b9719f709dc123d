import type { ProcessRecord } from '../store/store.ts';

/** Stands in the environment of an agent's process and of all that it starts. */
export const TREE_MARK = 'HEARTH_PROCESS_TREE';

/** Follows from what is recorded of a process, so that a later server finds what is left of its tree. */
export function treeMark({ sessionId, startedAt }: Pick<ProcessRecord, 'sessionId' | 'startedAt'>): string {
  return `${sessionId}@${startedAt}`;
}
