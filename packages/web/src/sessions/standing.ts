import type { Phase, SessionSummary } from '@hearth/protocol';

/** What a person wants to know of a session at a glance. */
export type Standing = 'working' | 'waiting' | 'idle' | 'closed';

export function standingOf(phase: Phase): Standing {
  switch (phase) {
    case 'idle':
      return 'idle';
    case 'closed':
      return 'closed';
    case 'awaiting_approval':
      return 'waiting';
    case 'initializing':
    case 'connecting':
    case 'thinking':
    case 'streaming':
    case 'tool':
    case 'retrying':
    case 'interrupting':
      return 'working';
  }
}

/** How a session stands in a list: one that rests after a turn that failed says so. */
export type ListStanding = Standing | 'failed';

export function listStandingOf({ phase, lastTurn }: Pick<SessionSummary, 'phase' | 'lastTurn'>): ListStanding {
  const standing = standingOf(phase);
  return standing === 'idle' && lastTurn?.outcome === 'failed' ? 'failed' : standing;
}

/** What the agent does right now, in words. */
export const PHASE_TEXT: Readonly<Record<Phase, string>> = {
  idle: 'Idle',
  initializing: 'Starting the agent',
  connecting: 'Waiting for the model',
  thinking: 'Thinking',
  streaming: 'Writing',
  tool: 'Using a tool',
  awaiting_approval: 'Waits for you',
  retrying: 'Trying again',
  interrupting: 'Stopping',
  closed: 'Closed',
};
