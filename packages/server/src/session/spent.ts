import type { Usage } from '@hearth/protocol';

/** What work of the agent cost. */
export interface Spent {
  usage: Usage;
  costUsd: number;
}

/** Adds what a turn's end names to what was spent in it before; null: nothing is known of either. */
export function addSpent(before: Spent | null, usage: Usage | undefined, costUsd: number | undefined): Spent | null {
  if (before === null) return usage === undefined ? null : { usage, costUsd: costUsd ?? 0 };
  return {
    usage: {
      inputTokens: before.usage.inputTokens + (usage?.inputTokens ?? 0),
      outputTokens: before.usage.outputTokens + (usage?.outputTokens ?? 0),
      cacheReadTokens: before.usage.cacheReadTokens + (usage?.cacheReadTokens ?? 0),
      cacheCreationTokens: before.usage.cacheCreationTokens + (usage?.cacheCreationTokens ?? 0),
    },
    costUsd: before.costUsd + (costUsd ?? 0),
  };
}
