import type { Event, Usage } from '@hearth/protocol';
import type { SessionView } from '../session/view.ts';
import type { TurnUsage } from '../store/store.ts';

const UNKNOWN = 'default';

/** What the turn that this event ends has used; null for any other event, and for a turn that used nothing. */
export function turnUsageOf(event: Event, { session, delivered }: SessionView): TurnUsage | null {
  if (event.type !== 'turn.completed' && event.type !== 'turn.interrupted' && event.type !== 'turn.failed') return null;
  const { usage, costUsd = 0, turnId, model } = event;
  if (usage === undefined || turnId === undefined || isNothing(usage, costUsd)) return null;
  const models = event.models ?? [{ model: model ?? session.model ?? UNKNOWN, ...usage, costUsd }];
  return {
    turnId,
    sessionId: session.id,
    agent: session.agent,
    user: delivered[0]?.author ?? 'agent',
    time: event.time,
    models: models.map((part) => ({ ...part, accountId: part.accountId ?? session.accountId ?? UNKNOWN })),
  };
}

/** A turn that never reached the model, or one that a fork copied. */
function isNothing(usage: Usage, costUsd: number): boolean {
  return costUsd === 0 && Object.values(usage).every((tokens) => tokens === 0);
}
