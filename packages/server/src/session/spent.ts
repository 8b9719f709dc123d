import type { ModelUsage, Usage } from '@hearth/protocol';

/** What work of the agent cost. */
export interface Spent {
  usage: Usage;
  costUsd: number;
  /** The same by model and account; absent: not all of it is known so. */
  models?: ModelUsage[];
}

/** Adds what a turn's end names to what was spent in it before; null: nothing is known of either. */
export function addSpent(before: Spent | null, added: Partial<Spent>): Spent | null {
  const { usage, costUsd = 0, models } = added;
  if (before === null)
    return usage === undefined ? null : { usage, costUsd, ...(models === undefined ? {} : { models }) };
  if (usage === undefined) return before;
  const parts = joined(before.models, models);
  return {
    usage: sumOf(before.usage, usage),
    costUsd: sumUsd(before.costUsd, costUsd),
    ...(parts === undefined ? {} : { models: parts }),
  };
}

/** What several parts come to. */
export function spentOn(models: readonly ModelUsage[]): Spent | null {
  return models.reduce<Spent | null>((sum, part) => addSpent(sum, { ...spentOnOne(part) }), null);
}

function spentOnOne(part: ModelUsage): Spent {
  const { model: _m, accountId: _a, costUsd, ...usage } = part;
  return { usage, costUsd, models: [part] };
}

/** One part for each model and account, in the order in which they were first used. */
function joined(before: ModelUsage[] | undefined, added: ModelUsage[] | undefined): ModelUsage[] | undefined {
  if (before === undefined || added === undefined) return undefined;
  const parts = [...before];
  for (const part of added) {
    const at = parts.findIndex(({ model, accountId }) => model === part.model && accountId === part.accountId);
    const known = parts[at];
    if (known === undefined) parts.push(part);
    else parts[at] = { ...known, ...sumOf(known, part), costUsd: sumUsd(known.costUsd, part.costUsd) };
  }
  return parts;
}

function sumOf(one: Usage, other: Usage): Usage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    cacheReadTokens: one.cacheReadTokens + other.cacheReadTokens,
    cacheCreationTokens: one.cacheCreationTokens + other.cacheCreationTokens,
  };
}

/** Sums are kept to billionths of a dollar, so that they do not drift. */
const NANO = 1e9;

function sumUsd(one: number, other: number): number {
  return Math.round((one + other) * NANO) / NANO;
}
