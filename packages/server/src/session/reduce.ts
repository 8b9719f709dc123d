import type { EventBody } from '@hearth/protocol';
import { onAgentEvent, onCallCounted } from './agent-input.ts';
import { answerApproval } from './approvals.ts';
import { GatheredText } from './gathered-text.ts';
import type { CoreContext, Effect, Input } from './input.ts';
import { announcePhase } from './phase.ts';
import { acceptMessage, cancelMessage, changeMessage } from './queue.ts';
import { beginRewind, endRewind } from './rewind.ts';
import type { Spent } from './spent.ts';
import { isSettled } from './state.ts';
import type { SessionState } from './state.ts';
import { at } from './record.ts';
import { Step } from './step.ts';
import type { InputOf } from './step.ts';
import {
  closeAgent,
  finishTurn,
  interruptTurn,
  loseAgent,
  onInterrupt,
  resumeTurn,
  settle,
  spentSoFar,
  startTurn,
  stopTurn,
} from './turn.ts';
import { endOfWait, onTick } from './watchdog.ts';

export interface Reduction {
  state: SessionState;
  /** To be stored in this order. */
  events: EventBody[];
  /** To be run in this order, once the events are stored. */
  effects: Effect[];
}

/** The session core: what one input does to a session. No clock, no I/O, no randomness. */
export function reduce(state: SessionState, input: Input, context: CoreContext): Reduction {
  const step = new Step(state, context);
  if (state.life === 'closed') refuseClosed(step, input);
  else if (isText(input)) hear(step, input);
  else apply(step, input);
  return { state: step.state, events: step.events, effects: step.effects };
}

function apply(step: Step, input: Input): void {
  switch (input.type) {
    case 'message.send':
      acceptMessage(step, input);
      break;
    case 'message.update':
      changeMessage(step, { ...input, type: 'update' });
      break;
    case 'message.cancel':
      changeMessage(step, { type: 'cancel', messageId: input.messageId, requestId: input.requestId });
      break;
    case 'interrupt':
      onInterrupt(step, input);
      break;
    case 'approval.answer':
      answerApproval(step, input);
      break;
    case 'session.update':
      updateSession(step, input);
      break;
    case 'session.close':
      closeSession(step, input);
      break;
    case 'rewind.begin':
      beginRewind(step, input);
      break;
    case 'rewind.end':
      endRewind(step, input);
      break;
    case 'agent':
      hear(step, input);
      break;
    case 'wake':
      if (step.state.life === 'open') resumeTurn(step);
      break;
    case 'turn.stop':
      stopTurn(step, input.error);
      break;
    case 'tick':
      onTick(step);
      break;
    case 'recover':
      recover(step, input.texts);
      break;
    case 'evict':
      if (isSettled(step.state)) closeAgent(step);
      break;
    case 'drain':
      step.set({ life: 'draining' });
      if (step.state.turn === null) closeAgent(step);
      break;
    case 'shutdown':
      step.set({ life: 'draining' });
      interruptTurn(step, 'shutdown');
      break;
  }
  settle(step);
  if (step.state.life === 'draining' && step.state.turn === null) closeAgent(step);
  announcePhase(step);
}

/** Text makes a block longer and nothing else: whatever follows from an input cannot follow from it. */
function isText(input: Input): input is InputOf<'agent'> {
  return input.type === 'agent' && input.event.type === 'block.delta';
}

/** What comes from a process that was given up, or that was never opened, is ignored. */
function hear(step: Step, { generation, event }: InputOf<'agent'>): void {
  const { agent } = step.state;
  if (agent.life !== 'down' && generation === agent.generation) onAgentEvent(step, event);
  // What was broken off is counted when its process is given up already, and was spent all the same.
  else if (event.type === 'call.counted') onCallCounted(step, event);
}

function updateSession(step: Step, input: InputOf<'session.update'>): void {
  const { changes } = input;
  step.emit({ type: 'session.updated', changes });
  if (changes.title !== undefined) step.set({ titled: 'user' });
  const { model, permissionMode, effort, accountId } = changes;
  const change = {
    ...(model === undefined ? {} : { model }),
    ...(permissionMode === undefined ? {} : { permissionMode }),
    ...(effort === undefined ? {} : { effort }),
    ...(accountId === undefined ? {} : { accountId }),
  };
  const { generation, life } = step.state.agent;
  if (life !== 'down' && Object.keys(change).length > 0) step.run({ type: 'agent.configure', generation, change });
  step.done(input.requestId);
}

function closeSession(step: Step, input: InputOf<'session.close'>): void {
  const { generation, life } = step.state.agent;
  loseAgent(step);
  // What the agent has spent since its last turn would never be told.
  if (step.state.turn === null && step.state.spentBetween !== null) startTurn(step, [], 'agent');
  finishTurn(step, { type: 'turn.interrupted', by: 'user', ...soFar(step) });
  for (const { messageId } of step.state.queue) cancelMessage(step, messageId, input.reason);
  if (life !== 'down') step.run({ type: 'agent.kill', generation });
  step.emit({ type: 'session.closed', reason: input.reason });
  step.set({ life: 'closed' });
  step.done(input.requestId);
}

/** The server that ran this session is gone; nothing of what it left open can go on. */
function recover(step: Step, texts: Record<string, string>): void {
  const blocks = step.state.blocks.map((block) => {
    return { ...block, text: new GatheredText().append(at(texts, block.blockId) ?? '') };
  });
  step.set({ life: 'open', held: false, blocks });
  const waitsUntil = endOfWait(step.state);
  loseAgent(step);
  if (waitsUntil !== null) {
    step.setTurn({ stage: { name: 'waiting', until: waitsUntil } });
    return;
  }
  finishTurn(step, { type: 'turn.interrupted', by: 'crash', ...soFar(step) }, 'lost');
}

function soFar({ state: { turn } }: Step): Spent | null {
  return turn === null ? null : spentSoFar(turn);
}

function refuseClosed(step: Step, input: Input): void {
  if ('requestId' in input)
    step.refuse(input.requestId, 'session_closed', 'The session is closed.', 'Create a new one.');
}
