import { expireApprovals, remindOfApprovals } from './approvals.ts';
import type { CoreConfig } from './input.ts';
import { runsTool } from './open-work.ts';
import { hasAny } from './record.ts';
import type { SessionState } from './state.ts';
import type { Step } from './step.ts';
import { loseTurn, parkTurn, resumeTurn } from './turn.ts';

/** When something has to be looked at again, in ms since 1970; null: never. The host sends a `tick` then. */
export function deadlineOf(state: SessionState, config: CoreConfig): number | null {
  let earliest = earlier(patienceEnd(state, config), waitEnd(state));
  for (const { expiresAt, remindAt } of Object.values(state.approvals)) {
    earliest = earlier(earlier(earliest, expiresAt), remindAt);
  }
  return earliest;
}

function earlier(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

/** When a turn that waits without a process, or that will, has to be looked at. */
function waitEnd({ turn, life }: SessionState): number | null {
  if (turn?.stage.name === 'waiting') return life === 'open' ? turn.stage.until : null;
  return turn?.stage.name === 'retrying' ? turn.stage.parkAt : null;
}

/** Until when the agent may stay silent. Off while a tool of the turn runs or an approval waits. */
function patienceEnd(state: SessionState, config: CoreConfig): number | null {
  const { turn } = state;
  if (turn?.stage.name === 'waiting') return null;
  if (turn?.stage.name === 'interrupting') return turn.stage.since + config.interruptTimeoutMs;
  if (hasAny(state.approvals) || runsTool(state)) return null;
  if (turn === null) {
    const handed = state.queue.filter((entry) => entry.hold !== 'kept').map((entry) => entry.since);
    return handed.length === 0 ? null : Math.min(...handed) + config.firstOutputTimeoutMs;
  }
  if (turn.stage.name === 'retrying') {
    return Math.max(turn.stage.until, turn.lastActivityAt) + config.firstOutputTimeoutMs;
  }
  return turn.lastActivityAt + (turn.produced ? config.silenceTimeoutMs : config.firstOutputTimeoutMs);
}

/** Until when the turn waits for something that is far away, and for nothing else; null: it does not. */
export function endOfWait({ turn, tools, approvals, backgroundTasks }: SessionState): number | null {
  if (turn?.stage.name === 'waiting') return turn.stage.until;
  if (turn?.stage.name !== 'retrying' || turn.stage.parkAt === null) return null;
  // What runs beside the call that waits would be lost with the process.
  const alone = !hasAny(tools) && !hasAny(approvals) && backgroundTasks === 0;
  return alone ? turn.stage.until : null;
}

/** A turn that waited goes on; one that will wait for long lets its process go. */
function endWait(step: Step): void {
  const { turn } = step.state;
  const end = waitEnd(step.state);
  if (turn === null || end === null || step.now < end) return;
  if (turn.stage.name === 'waiting') {
    resumeTurn(step);
  } else if (turn.stage.name === 'retrying') {
    if (endOfWait(step.state) !== null) parkTurn(step, turn.stage.until);
    else step.setTurn({ stage: { ...turn.stage, parkAt: null } });
  }
}

/** Ends what has waited for too long. */
export function onTick(step: Step): void {
  expireApprovals(step);
  remindOfApprovals(step);
  endWait(step);
  const end = patienceEnd(step.state, step.context.config);
  if (end === null || step.now < end) return;
  const { turn, agent } = step.state;
  step.run({ type: 'agent.kill', generation: agent.generation });
  const silentMs = turn === null ? 0 : step.now - turn.lastActivityAt;
  loseTurn(step, {
    code: 'agent_silent',
    message: `Nothing came from the agent for ${Math.round(silentMs / 1000)} s, so its process was ended.`,
    hint: 'Send the message again; the conversation is kept. If the model is slow, raise the timeouts in the configuration.',
    retryable: true,
  });
}
