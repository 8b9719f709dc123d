import type { Phase } from '@hearth/protocol';
import { runsTool } from './open-work.ts';
import { hasAny } from './record.ts';
import type { SessionState } from './state.ts';
import type { Step } from './step.ts';

/** The phase follows from the state; nothing sets it. */
export function phaseOf(state: SessionState): Phase {
  if (state.life === 'closed') return 'closed';
  const waits = hasAny(state.approvals);
  const { turn } = state;
  if (turn === null) {
    if (waits) return 'awaiting_approval';
    return state.queue.some((entry) => entry.hold !== 'kept') ? 'connecting' : 'idle';
  }
  if (turn.stage.name === 'interrupting') return 'interrupting';
  if (waits) return 'awaiting_approval';
  if (turn.stage.name === 'retrying' || turn.stage.name === 'waiting') return 'retrying';
  if (turn.stage.name === 'starting') return 'initializing';
  if (runsTool(state)) return 'tool';
  let thinks = false;
  for (const { kind, parentToolCallId } of state.blocks) {
    if (parentToolCallId !== undefined) continue;
    if (kind === 'text') return 'streaming';
    thinks ||= kind === 'thinking';
  }
  return thinks ? 'thinking' : turn.rest;
}

/** Announces the phase when it is another than the one announced last. */
export function announcePhase(step: Step): void {
  const phase = phaseOf(step.state);
  if (phase === step.state.phase) return;
  step.set({ phase, phaseSince: step.now });
  step.emitInTurn({ type: 'phase.changed', phase, since: new Date(step.now).toISOString() });
}
