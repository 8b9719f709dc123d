import type { Phase } from '@hearth/protocol';

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

export const STANDING_TEXT: Readonly<Record<Standing, string>> = {
  working: 'Working',
  waiting: 'Waits for you',
  idle: 'Idle',
  closed: 'Closed',
};

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
