import type { TranscriptEntry, TranscriptKey, TranscriptStore } from '../../store/store.ts';
import type { AgentSpec, Delivery } from '../backend.ts';
import { projectKeyOf, readLocal, removeLocal, writeLocal, type LocalPlace } from './local-transcript.ts';
import { copyTranscript, cutIndex, endOfTurn, findMessage, hasConversation, withoutCost } from './transcript.ts';
import { createTranscriptMirror } from './transcript-mirror.ts';

/** How a process has to begin. */
export type Beginning =
  | { type: 'new'; agentSessionId: string; missing: Delivery[]; replaced?: string }
  | { type: 'resume'; agentSessionId: string; missing: Delivery[]; replaced?: string };

export interface ConversationDeps {
  transcripts: TranscriptStore;
  configDir: string;
  newId: () => string;
}

/**
 * Makes a conversation ready to go on: what an orphan wrote after the last crash is taken into the store; what is about
 * to be sent again, or was refused as invalid, is cut off (in a copy under a new id: the old transcript stays as it is
 * until the copy is in use); and the whole is put where the binary looks for it.
 */
export async function prepareConversation(spec: AgentSpec, deps: ConversationDeps): Promise<Beginning> {
  const { agentSessionId } = spec;
  const begin = (missing: Delivery[]): Beginning => ({ type: 'new', agentSessionId: deps.newId(), missing });
  if (agentSessionId === undefined) return begin(spec.carried);
  const place = { configDir: deps.configDir, projectKey: projectKeyOf(spec.cwd), agentSessionId };
  await reconcile(place, deps.transcripts);
  const key = keyOf(place);
  const entries = await deps.transcripts.load(key);
  if (entries === null) return begin(spec.carried);
  const cut = cutIndex(entries, spec.pendingMessageIds);
  const kept = cut === undefined ? entries : entries.slice(0, cut);
  const missing = spec.carried.filter((delivery) => findMessage(kept, delivery.messageId) === -1);
  if (!hasConversation(kept)) return { ...begin(missing), replaced: agentSessionId };
  if (cut === undefined) {
    await materialize(place, deps.transcripts);
    return { type: 'resume', agentSessionId, missing };
  }
  const copy = { ...place, agentSessionId: deps.newId() };
  await copyConversation(place, copy, deps.transcripts, cut);
  await materialize(copy, deps.transcripts);
  return { type: 'resume', agentSessionId: copy.agentSessionId, missing, replaced: agentSessionId };
}

/** Copies a conversation to a new id, up to the end of the turn of `lastMessageId`. @returns the new id */
export async function forkConversation(
  source: { cwd: string; agentSessionId: string; lastMessageId?: string },
  deps: ConversationDeps,
): Promise<string> {
  const place = {
    configDir: deps.configDir,
    projectKey: projectKeyOf(source.cwd),
    agentSessionId: source.agentSessionId,
  };
  await reconcile(place, deps.transcripts);
  const entries = (await deps.transcripts.load(keyOf(place))) ?? [];
  const end = source.lastMessageId === undefined ? entries.length : endOfTurn(entries, source.lastMessageId);
  const copy = { ...place, agentSessionId: deps.newId() };
  await copyConversation(place, copy, deps.transcripts, end);
  return copy.agentSessionId;
}

/** Removes a conversation from the store and from the disk. */
export async function forgetConversation(
  conversation: { cwd: string; agentSessionId: string },
  deps: ConversationDeps,
): Promise<void> {
  const { cwd, agentSessionId } = conversation;
  const place = { configDir: deps.configDir, projectKey: projectKeyOf(cwd), agentSessionId };
  await deps.transcripts.delete(keyOf(place));
  await removeLocal(place);
}

/**
 * Takes what the local transcript has and the store lacks into the store. The binary writes to its own file first, and
 * goes on for some seconds after its host was killed.
 */
async function reconcile(place: LocalPlace, transcripts: TranscriptStore): Promise<void> {
  const mirror = createTranscriptMirror(transcripts);
  for (const [subpath, local] of await readLocal(place)) {
    const stored = (await transcripts.load(keyOf(place, subpath))) ?? [];
    const known = new Set(stored.map((entry) => entry.uuid));
    const lacking = local.filter((entry) => entry.uuid !== undefined && !known.has(entry.uuid));
    if (lacking.length === 0) continue;
    const key = { projectKey: place.projectKey, sessionId: place.agentSessionId };
    await mirror.append(subpath === '' ? key : { ...key, subpath }, lacking);
  }
}

async function materialize(place: LocalPlace, transcripts: TranscriptStore): Promise<void> {
  const all = new Map<string, TranscriptEntry[]>();
  for (const subpath of ['', ...(await transcripts.listSubpaths(place.projectKey, place.agentSessionId))]) {
    all.set(subpath, withoutCost((await transcripts.load(keyOf(place, subpath))) ?? []));
  }
  await writeLocal(place, all);
}

async function copyConversation(
  from: LocalPlace,
  to: LocalPlace,
  transcripts: TranscriptStore,
  end: number | undefined,
): Promise<void> {
  const mirror = createTranscriptMirror(transcripts);
  const key = { projectKey: to.projectKey, sessionId: to.agentSessionId };
  for (const subpath of await transcripts.listSubpaths(from.projectKey, from.agentSessionId)) {
    const entries = (await transcripts.load(keyOf(from, subpath))) ?? [];
    await mirror.append({ ...key, subpath }, copyTranscript(entries, to.agentSessionId));
  }
  // The main transcript last: a conversation that has one is whole.
  const main = (await transcripts.load(keyOf(from))) ?? [];
  await mirror.append(key, copyTranscript(main, to.agentSessionId, end));
}

function keyOf(place: LocalPlace, subpath = ''): TranscriptKey {
  return { projectKey: place.projectKey, agentSessionId: place.agentSessionId, subpath };
}
