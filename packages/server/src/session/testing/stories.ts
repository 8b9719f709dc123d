import type { Approval } from '@hearth/protocol';
import { CONFIG, SimulatedSession } from './simulated-session.ts';

/** A session whose first message runs: the agent is up and has taken it, and nothing has come yet. */
export function startedSession(config = CONFIG): { session: SimulatedSession; first: string } {
  const session = new SimulatedSession(config, true);
  const first = session.send('next');
  session.agentSays({ type: 'ready', agentSessionId: 'conversation-1' });
  session.agentSays({ type: 'messages.started', messageIds: [first] });
  return { session, first };
}

/** The agent begins to write. */
export function say(session: SimulatedSession, blockId: string, text: string): void {
  session.agentSays({ type: 'block.started', blockId, kind: 'text' });
  session.agentSays({ type: 'block.delta', blockId, text });
}

/** The agent calls a tool. */
export function call(session: SimulatedSession, toolCallId: string): void {
  session.agentSays({ type: 'tool.called', toolCallId, name: 'Bash', input: {} });
}

/** The agent calls a tool that needs the user's leave. */
export function ask(session: SimulatedSession, approvalId: string, kind: Approval['kind'] = 'tool'): void {
  const toolCallId = `call-${approvalId}`;
  call(session, toolCallId);
  const approval = { approvalId, kind, toolCallId, toolName: 'Bash', input: {}, suggestions: [] };
  session.agentSays({ type: 'approval.requested', approval });
}
