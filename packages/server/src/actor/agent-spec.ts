import type { Session } from '@hearth/protocol';
import type { AgentSpec, Delivery } from '../backend/backend.ts';
import type { Effect } from '../session/input.ts';
import type { SessionState } from '../session/state.ts';
import type { AgentSettings } from './agent-settings.ts';

/** What a process is opened for. */
export type Opening = Pick<Extract<Effect, { type: 'agent.send' }>, 'pending' | 'carried' | 'rewind'> & {
  type: 'agent.send' | 'agent.resume';
};

/** What an agent is opened with. @param carried messages that it may have to be given again, with their contents */
export function agentSpec(
  { type, pending, rewind }: Opening,
  session: Session,
  { agentSessionId, accountId }: SessionState,
  agentSettings: AgentSettings,
  carried: Delivery[],
): AgentSpec {
  const { maxBudgetUsd: _, ...settings } = agentSettings;
  return {
    ...settings,
    sessionId: session.id,
    cwd: session.cwd,
    permissionMode: session.permissionMode,
    ...(agentSessionId === null ? {} : { agentSessionId }),
    ...(session.model === null ? {} : { model: session.model }),
    ...(session.effort === undefined ? {} : { effort: session.effort }),
    ...(session.accountId === null ? {} : { pinnedAccountId: session.accountId }),
    ...(accountId === null ? {} : { lastAccountId: accountId }),
    ...(type === 'agent.resume' ? { resumesTurn: true as const } : {}),
    pendingMessageIds: pending,
    ...(rewind === null ? {} : { rewind }),
    carried,
  };
}
