import type { Session, SessionCreate } from '@hearth/protocol';
import type { AgentSettings } from '../actor/agent-settings.ts';

type NewSession = Pick<
  Session,
  | 'agent'
  | 'cwd'
  | 'title'
  | 'model'
  | 'permissionMode'
  | 'accountId'
  | 'metadata'
  | 'effort'
  | 'approvalTimeoutMs'
  | 'maxBudgetUsd'
  | 'maxTurnUsd'
>;

/** A session as it is born. `time` is ISO. */
export function newSession({ id, time }: { id: string; time: string }, given: NewSession): Session {
  const {
    agent,
    cwd,
    title,
    model,
    permissionMode,
    accountId,
    metadata,
    effort,
    approvalTimeoutMs,
    maxBudgetUsd,
    maxTurnUsd,
  } = given;
  return {
    id,
    agent,
    cwd,
    title,
    model,
    permissionMode,
    ...(effort === undefined ? {} : { effort }),
    ...(approvalTimeoutMs === undefined ? {} : { approvalTimeoutMs }),
    ...(maxBudgetUsd === undefined ? {} : { maxBudgetUsd }),
    ...(maxTurnUsd === undefined ? {} : { maxTurnUsd }),
    accountId,
    phase: 'idle',
    lastSeq: 0,
    queue: [],
    approvals: [],
    usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0, costUsd: 0 },
    createdAt: time,
    updatedAt: time,
    archived: false,
    metadata,
  };
}

/** What an agent is started with, beside the fields that every client sees. */
export function settingsOf(params: SessionCreate): AgentSettings {
  const { systemPrompt, mcpServers, allowedTools, disallowedTools, maxTurns, thinkingTokens } = params;
  const settings = { systemPrompt, mcpServers, allowedTools, disallowedTools, maxTurns, thinkingTokens };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
