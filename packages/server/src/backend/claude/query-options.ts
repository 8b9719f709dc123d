import type { CanUseTool, McpServerConfig, Options, SessionStore } from '@anthropic-ai/claude-agent-sdk';
import type { AgentChange, AgentEvent, AgentSpec } from '../backend.ts';
import type { ClaudeConfig } from './claude-config.ts';
import type { Beginning } from './conversation.ts';
import { CHECKPOINTS_ON } from './file-history.ts';

/**
 * The binary goes on with the turn in which its transcript ends, without running its tools again. It puts a text of its
 * own behind the last message; this one is read as a reminder, and not as something that the user said.
 */
const RESUMES_TURN = {
  CLAUDE_CODE_RESUME_INTERRUPTED_TURN: '1',
  CLAUDE_CODE_RESUME_PROMPT: '<system-reminder>The work was held up; go on where it stopped.</system-reminder>',
};

/** What a process has for its whole life, whichever session it serves. */
export interface HostParts {
  config: ClaudeConfig;
  env: Record<string, string | undefined>;
  mirror: SessionStore;
  canUseTool: CanUseTool;
  spawn: NonNullable<Options['spawnClaudeCodeProcess']>;
}

export interface QueryParts extends HostParts {
  spec: AgentSpec;
  beginning: Beginning;
}

/** The SDK's options for any session. */
export function hostOptions(parts: HostParts): Options {
  const { config } = parts;
  return {
    env: { ...parts.env, ...CHECKPOINTS_ON },
    canUseTool: parts.canUseTool,
    includePartialMessages: true,
    forwardSubagentText: true,
    sessionStore: parts.mirror,
    sessionStoreFlush: 'eager',
    spawnClaudeCodeProcess: parts.spawn,
    settingSources: config.settingSources ?? ['user', 'project', 'local'],
    systemPrompt: { type: 'preset', preset: 'claude_code' },
    ...(config.pathToClaudeCodeExecutable === undefined
      ? {}
      : { pathToClaudeCodeExecutable: config.pathToClaudeCodeExecutable }),
    ...(config.allowBypassPermissions === true ? { allowDangerouslySkipPermissions: true } : {}),
  };
}

/** The SDK's options for one session. */
export function queryOptions(parts: QueryParts): Options {
  const { spec, beginning } = parts;
  const resumes = spec.resumesTurn === true ? { env: { ...parts.env, ...CHECKPOINTS_ON, ...RESUMES_TURN } } : {};
  const { model, effort, systemPrompt, allowedTools, disallowedTools, maxTurns, thinkingTokens } = spec;
  return {
    ...hostOptions(parts),
    ...resumes,
    cwd: spec.cwd,
    permissionMode: spec.permissionMode,
    ...startOf(beginning, allowedTools ?? []),
    systemPrompt: { type: 'preset', preset: 'claude_code', ...(systemPrompt ? { append: systemPrompt } : {}) },
    ...(model === undefined ? {} : { model }),
    ...(effort === undefined ? {} : { effort }),
    ...(disallowedTools === undefined ? {} : { disallowedTools }),
    ...(maxTurns === undefined ? {} : { maxTurns }),
    ...thinkingOf(thinkingTokens),
    ...mcpOf(spec.mcpServers),
  };
}

/**
 * How the conversation begins. Not by the SDK's own `resume`: with a session store that one makes a temporary configuration
 * folder with copies of the credentials, which a killed host leaves behind together with whatever an orphan writes
 * there. The transcript stands at its usual place already, and the binary's own flag goes on from it.
 */
function startOf(beginning: Beginning, allowedTools: string[]): Pick<Options, 'sessionId' | 'extraArgs'> {
  const { agentSessionId } = beginning;
  // As a flag too: the SDK's option warns on standard error that these tools are not asked about, which is their purpose.
  const allowed = allowedTools.length === 0 ? {} : { allowedTools: allowedTools.join(',') };
  if (beginning.type === 'new') return { sessionId: agentSessionId, extraArgs: allowed };
  return { extraArgs: { ...allowed, resume: agentSessionId } };
}

function thinkingOf(thinkingTokens: number | undefined): Pick<Options, 'thinking'> {
  if (thinkingTokens === undefined) return {};
  if (thinkingTokens === 0) return { thinking: { type: 'disabled' } };
  return { thinking: { type: 'enabled', budgetTokens: thinkingTokens } };
}

/** Over standard input rather than on the command line, where other users of the machine could read their secrets. */
function mcpOf(servers: AgentSpec['mcpServers']): Pick<Options, 'mcpServers' | 'mcpServersDelivery'> {
  if (servers === undefined || Object.keys(servers).length === 0) return {};
  return { mcpServers: servers as unknown as Record<string, McpServerConfig>, mcpServersDelivery: 'initialize' };
}

/** The spec without a bypass of permissions that this server does not allow. */
export function permitted(spec: AgentSpec, config: ClaudeConfig): AgentSpec {
  const bypass = spec.permissionMode === 'bypassPermissions' && config.allowBypassPermissions !== true;
  return bypass ? { ...spec, permissionMode: 'default' } : spec;
}

/** The spec of a process that has not begun, after a change. */
export function changed(spec: AgentSpec, { accountId, ...change }: AgentChange): AgentSpec {
  const wanted = { ...spec, ...change };
  if (accountId === undefined) return wanted;
  const { pinnedAccountId: _, ...unpinned } = wanted;
  return accountId === null ? unpinned : { ...unpinned, pinnedAccountId: accountId };
}

/** How a change that was refused is told. */
export function notConfigured(what: keyof AgentChange, reason: string): AgentEvent {
  return { type: 'notice', level: 'warning', code: 'not_configured', text: `Not changed (${what}): ${reason}` };
}
