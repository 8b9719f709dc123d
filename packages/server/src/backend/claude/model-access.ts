import { NO_USAGE } from '@hearth/protocol';
import type { TurnError } from '@hearth/protocol';
import type { AccountMode } from '../../account/select.ts';
import type { Lane, LaneSession } from '../../relay/lane.ts';
import type { RelayAddress } from '../../relay/relay.ts';
import type { AgentEvent, AgentSpec, TurnEnded } from '../backend.ts';

export const CLAUDE = 'claude';

/** How processes reach their model API where the agent has accounts; the relay does it. */
export interface ModelAccess {
  /** What kind of account a session would begin with: a process takes itself for one of that kind for all its life. */
  mode(agent: string, pinned: string | null, current: string | null): AccountMode;
  open(session: LaneSession): Promise<RelayAddress>;
  /** Asked before each call of a session's model; an error: it is not made. */
  allow(sessionId: string, accountId: string): TurnError | null;
}

/** The way of one process to its model API. */
export interface Access {
  readonly lane: Lane;
  readonly mode: Exclude<AccountMode, 'none'>;
  /** What the process gets of it. */
  readonly environment: Record<string, string | undefined>;
}

/** Variables with which a process would look for a model API, or for credentials, of its own. */
const OWN_WAY =
  /^(ANTHROPIC_(API_KEY|AUTH_TOKEN|BASE_URL|CUSTOM_HEADERS|UNIX_SOCKET|BEDROCK_.*|VERTEX_.*|FOUNDRY_.*|AWS_.*)|CLAUDE_CODE_(USE_.*|OAUTH_.*|API_KEY_.*|SKIP_.*_AUTH))$/;
/** A call may be held back until an account's quota begins anew. */
const LONGEST_CALL_MS = 2 ** 31 - 1;

/** Opens the way of a process that serves no session yet, or that will serve this one. Null: the agent has no accounts. */
export async function openAccess(
  models: ModelAccess | undefined,
  env: Readonly<Record<string, string | undefined>>,
  session: LaneSession,
): Promise<Access | null> {
  const mode = models?.mode(CLAUDE, session.pinned, session.current) ?? 'none';
  if (models === undefined || mode === 'none') return null;
  const { url, lane } = await models.open(session);
  return { lane, mode, environment: throughRelay(env, url, lane.token, mode) };
}

/** The environment of a process that has no credentials: it reaches its model API at this address alone. */
function throughRelay(
  env: Readonly<Record<string, string | undefined>>,
  url: string,
  token: string,
  mode: Access['mode'],
): Record<string, string | undefined> {
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !OWN_WAY.test(name)));
  const direct = [env['NO_PROXY'] ?? env['no_proxy'] ?? '', '127.0.0.1'].filter((part) => part !== '').join(',');
  return {
    ...rest,
    ANTHROPIC_BASE_URL: url,
    ...(mode === 'subscription' ? { CLAUDE_CODE_OAUTH_TOKEN: token } : { ANTHROPIC_API_KEY: token }),
    API_TIMEOUT_MS: String(LONGEST_CALL_MS),
    NO_PROXY: direct,
    no_proxy: direct,
  };
}

/** A session as its lane knows it. */
export function laneSession(
  spec: Pick<AgentSpec, 'sessionId' | 'pinnedAccountId' | 'lastAccountId'>,
  models: ModelAccess | undefined,
  emit: (event: AgentEvent) => void,
): LaneSession {
  return {
    sessionId: spec.sessionId,
    agent: CLAUDE,
    pinned: spec.pinnedAccountId ?? null,
    current: spec.lastAccountId ?? null,
    emit,
    allow: (accountId) => models?.allow(spec.sessionId, accountId) ?? null,
  };
}

/** A process that stands ready uses no model: what it does beside that is told to nobody. */
export function noSession(): LaneSession {
  return { sessionId: '', agent: CLAUDE, pinned: null, current: null, emit: () => undefined, allow: () => null };
}

/** Where the relay counts each call, and knows why one was given up, it is the relay that is believed. */
export function asCounted(ended: TurnEnded, access: Access | null): TurnEnded {
  if (access === null) return ended;
  const { lane } = access;
  const { verdict } = lane;
  lane.verdict = null;
  if (ended.outcome === 'completed') return { ...ended, usage: NO_USAGE, costUsd: 0, models: [] };
  const { usage: _usage, costUsd: _costUsd, models: _models, ...uncounted } = ended;
  if (uncounted.outcome === 'interrupted' || verdict === null) return uncounted;
  return { ...uncounted, error: verdict };
}
