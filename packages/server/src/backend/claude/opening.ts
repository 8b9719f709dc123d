import type { CanUseTool, ClaimOptions, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import type { ProcessTree } from '../../process/spawn-tree.ts';
import type { AgentSpec } from '../backend.ts';
import { queryOptions, type QueryParts } from './query-options.ts';
import { loadSdk } from './sdk.ts';
import type { ControlledQuery } from './sdk-message.ts';
import type { Parked, Spares } from './spares.ts';

export interface OpeningParts extends Omit<QueryParts, 'spec'> {
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
}

/** Begins a conversation, or goes on with one: in a process that stands ready, where that is possible, else in a new one. */
export async function openQuery(parts: OpeningParts): Promise<Opening | undefined> {
  const claimed = parts.beginning.type === 'new' ? await takeSpare(parts) : undefined;
  if (claimed !== undefined) return claimed;
  const { query } = await loadSdk();
  if (parts.cancelled()) return undefined;
  const spec = parts.spec();
  const started = query({ prompt: parts.messages(), options: queryOptions({ ...parts, spec }) });
  return { query: started as ControlledQuery, agentSessionId: parts.beginning.agentSessionId, spec };
}

async function takeSpare(parts: OpeningParts): Promise<Opening | undefined> {
  const spec = parts.spec();
  const parked = parts.spares.take(spec, parts.env);
  if (parked === undefined) return undefined;
  parts.onSpare(parked.tree);
  try {
    return { query: await claim(parked, spec, parts), agentSessionId: parked.agentSessionId, spec };
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
