import type { CanUseTool, ClaimOptions, Query, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import type { ProcessTree } from '../../process/spawn-tree.ts';
import type { LaneSession } from '../../relay/lane.ts';
import type { AgentSpec } from '../backend.ts';
import { CLAUDE, openAccess } from './model-access.ts';
import type { Access, ModelAccess } from './model-access.ts';
import { queryOptions, type QueryParts } from './query-options.ts';
import { loadSdk } from './sdk.ts';
import type { ControlledQuery } from './sdk-message.ts';
import type { Parked, Spares } from './spares.ts';

export interface OpeningParts extends Omit<QueryParts, 'spec' | 'env'> {
  /** What processes have of the server's environment. */
  env: Record<string, string | undefined>;
  models: ModelAccess | undefined;
  /** The session as the relay knows it. */
  session: LaneSession;
  /** As it is when it is needed: it may change until the process begins. */
  spec: () => AgentSpec;
  /** The input; called once. */
  messages: () => AsyncIterable<SDKUserMessage>;
  spares: Spares;
  /** A spare was taken; undefined: it would not have this session, and is gone. */
  onSpare: (tree: ProcessTree | undefined) => void;
  /** The process is not wanted any more. */
  cancelled: () => boolean;
}

export interface Opening {
  query: ControlledQuery;
  agentSessionId: string;
  /** What it began with. */
  spec: AgentSpec;
  /** Null: by its environment. */
  access: Access | null;
}

/** Begins a conversation, or goes on with one: in a process that stands ready, where that is possible, else in a new one. */
export async function openQuery(parts: OpeningParts): Promise<Opening | undefined> {
  const claimed = parts.beginning.type === 'new' ? await takeSpare(parts) : undefined;
  if (claimed !== undefined) return claimed;
  const { query } = await loadSdk();
  if (parts.cancelled()) return undefined;
  const access = await openAccess(parts.models, parts.env, parts.session);
  if (parts.cancelled()) {
    access?.lane.close();
    return undefined;
  }
  const spec = parts.spec();
  const env = access?.environment ?? parts.env;
  let started: Query;
  try {
    started = query({ prompt: parts.messages(), options: queryOptions({ ...parts, env, spec }) });
  } catch (error) {
    access?.lane.close();
    throw error;
  }
  return { query: started as ControlledQuery, agentSessionId: parts.beginning.agentSessionId, spec, access };
}

async function takeSpare(parts: OpeningParts): Promise<Opening | undefined> {
  const spec = parts.spec();
  const { pinned, current } = parts.session;
  const parked = parts.spares.take(spec, parts.env, parts.models?.mode(CLAUDE, pinned, current) ?? 'none');
  if (parked === undefined) return undefined;
  parts.onSpare(parked.tree);
  parked.access?.lane.bind(parts.session);
  try {
    const query = await claim(parked, spec, parts);
    return { query, agentSessionId: parked.agentSessionId, spec, access: parked.access };
  } catch (error) {
    await parked.tree.kill(0);
    await parked.tree.ended;
    parts.onSpare(undefined);
    parts.spares.refused(spec.cwd, error);
    return undefined;
  }
}

/** @throws Error that says why the process would not have the session; it was given no message then */
async function claim(
  parked: Parked,
  spec: AgentSpec,
  { messages, canUseTool }: { messages: () => AsyncIterable<SDKUserMessage>; canUseTool: CanUseTool },
): Promise<ControlledQuery> {
  parked.setCanUseTool(canUseTool);
  const query = parked.spare.claim({ prompt: onceClaimed(parked, messages), options: claimOptions(spec) });
  await parked.spare.claimed;
  return query as ControlledQuery;
}

async function* onceClaimed(parked: Parked, messages: () => AsyncIterable<SDKUserMessage>) {
  try {
    await parked.spare.claimed;
  } catch {
    return;
  }
  yield* messages();
}

function claimOptions({ cwd, model, permissionMode, effort, systemPrompt }: AgentSpec): ClaimOptions {
  return {
    cwd,
    permissionMode,
    ...(model === undefined ? {} : { model }),
    ...(effort === undefined ? {} : { settings: { effortLevel: effort } }),
    ...(systemPrompt ? { appendSystemPrompt: systemPrompt } : {}),
  };
}
