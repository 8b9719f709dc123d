import type { SessionState, TurnStage } from './state.ts';

/**
 * The state as it would be if the clock had always been set as it is now: it was set, or stood still while the machine slept. What
 * is waited for from then on is waited for as long as before. Times that clients were told, as when an approval expires, and
 * those for which a turn waits without a process are moments of the world's and stay.
 * @param byMs forward; negative: back
 */
export function clockMoved(state: SessionState, byMs: number): SessionState {
  const { queue, turn } = state;
  return {
    ...state,
    queue: queue.map((entry) => ({ ...entry, since: entry.since + byMs })),
    turn:
      turn === null
        ? null
        : {
            ...turn,
            startedAt: turn.startedAt + byMs,
            lastActivityAt: turn.lastActivityAt + byMs,
            stage: stageMoved(turn.stage, byMs),
          },
  };
}

function stageMoved(stage: TurnStage, byMs: number): TurnStage {
  if (stage.name === 'interrupting') return { ...stage, since: stage.since + byMs };
  // The agent itself waits for what is near.
  if (stage.name === 'retrying' && stage.parkAt === null) return { ...stage, until: stage.until + byMs };
  return stage;
}
