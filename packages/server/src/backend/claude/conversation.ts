import type { TranscriptEntry, TranscriptKey, TranscriptStore } from '../../store/store.ts';
import type { AgentSpec, ConversationCut, Delivery } from '../backend.ts';
import { copyFileHistory, removeFileHistory } from './file-history.ts';
import { projectKeyOf, readLocal, removeLocal, writeLocal, type LocalPlace } from './local-transcript.ts';
import {
  copyTranscript,
  cutIndex,
  endOfCut,
  findMessage,
  hasConversation,
  identityOf,
  withoutCost,
} from './transcript.ts';
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
 * Makes a conversation ready to go on: what an orphan wrote after the last crash is taken into the store; what was
 * rewound, is about to be sent again, or was refused as invalid, is cut off (in a copy under a new id: the old transcript stays as it is
 * until the copy is in use); and the whole is put where the binary looks for it.
 */
export async function prepareConversation(spec: AgentSpec, deps: ConversationDeps): Promise<Beginning> {
  const { agentSessionId } = spec;
  const begin = (missing: Delivery[]): Beginning => ({ type: 'new', agentSessionId: deps.newId(), missing });
  if (agentSessionId === undefined) return begin(spec.carried);
  const place = placeOf({ cwd: spec.cwd, agentSessionId }, deps);
  await reconcile(place, deps.transcripts);
  const key = keyOf(place);
  const entries = await deps.transcripts.load(key);
  if (entries === null) return begin(spec.carried);
  const end = spec.rewind === undefined ? entries.length : endOfCut(entries, spec.rewind);
  const poisoned = cutIndex(entries.slice(0, end), spec.pendingMessageIds) ?? end;
  const cut = poisoned === entries.length ? undefined : poisoned;
  const kept = cut === undefined ? entries : entries.slice(0, cut);
  const missing = spec.carried.filter((delivery) => findMessage(kept, delivery.messageId) === -1);
  if (!hasConversation(kept)) return { ...begin(missing), replaced: agentSessionId };
  if (cut === undefined) {
    await materialize(place, deps.transcripts);
    return { type: 'resume', agentSessionId, missing };
  }
  const copy = { ...place, agentSessionId: deps.newId() };
  try {
    await copyConversation(place, copy, deps.transcripts, cut);
    await materialize(copy, deps.transcripts);
  } catch (error) {
    await forgetConversation({ cwd: spec.cwd, agentSessionId: copy.agentSessionId }, deps).catch(() => undefined);
    throw error;
  }
  return { type: 'resume', agentSessionId: copy.agentSessionId, missing, replaced: agentSessionId };
}

/** Copies a conversation to a new id, up to where it is cut. @returns the new id */
export async function forkConversation(
  source: { cwd: string; agentSessionId: string; cut: ConversationCut },
  deps: ConversationDeps,
): Promise<string> {
  const place = placeOf(source, deps);
  await reconcile(place, deps.transcripts);
  const entries = (await deps.transcripts.load(keyOf(place))) ?? [];
  const copy = { ...place, agentSessionId: deps.newId() };
  await copyConversation(place, copy, deps.transcripts, endOfCut(entries, source.cut));
  return copy.agentSessionId;
}

/** Lets a process have a conversation without writing to it: a copy on disk, for as long as the work takes. */
export async function withWorkingCopy<Result>(
  source: { cwd: string; agentSessionId: string },
  deps: ConversationDeps,
  work: (agentSessionId: string, entries: readonly TranscriptEntry[]) => Promise<Result>,
): Promise<Result> {
  const place = placeOf(source, deps);
  await reconcile(place, deps.transcripts);
  const entries = (await deps.transcripts.load(keyOf(place))) ?? [];
  const copy = { ...place, agentSessionId: deps.newId() };
  try {
    await writeLocal(copy, new Map([['', copyTranscript(entries, copy.agentSessionId)]]));
    await copyFileHistory(place, copy);
    return await work(copy.agentSessionId, entries);
  } finally {
    await removeLocal(copy);
    await removeFileHistory(copy);
  }
}

/** Removes a conversation from the store and from the disk. */
export async function forgetConversation(
  conversation: { cwd: string; agentSessionId: string },
  deps: ConversationDeps,
): Promise<void> {
  const place = placeOf(conversation, deps);
  await deps.transcripts.delete(keyOf(place));
  await removeLocal(place);
  await removeFileHistory(place);
}

/**
 * Takes what the local transcript has and the store lacks into the store. The binary writes to its own file first, and
 * goes on for some seconds after its host was killed.
 */
async function reconcile(place: LocalPlace, transcripts: TranscriptStore): Promise<void> {
  const mirror = createTranscriptMirror(transcripts);
  for (const [subpath, local] of await readLocal(place)) {
    const stored = (await transcripts.load(keyOf(place, subpath))) ?? [];
    const known = new Set(stored.map(identityOf));
    const lacking = local.filter((entry) => {
      const identity = identityOf(entry);
      return identity !== undefined && !known.has(identity);
    });
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
  await copyFileHistory(from, to);
}

function placeOf(source: { cwd: string; agentSessionId: string }, { configDir }: ConversationDeps): LocalPlace {
  return { configDir, projectKey: projectKeyOf(source.cwd), agentSessionId: source.agentSessionId };
}

function keyOf(place: LocalPlace, subpath = ''): TranscriptKey {
  return { projectKey: place.projectKey, agentSessionId: place.agentSessionId, subpath };
}
