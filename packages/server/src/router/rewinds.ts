import { HearthError } from '@hearth/protocol';
import type { Event, SessionRewind, SessionRewindResult } from '@hearth/protocol';
import type { SessionActor } from '../actor/session-actor.ts';
import type { SessionRegistry } from '../actor/session-registry.ts';
import type { Backend } from '../backend/backend.ts';
import type { RewindDone } from '../session/input.ts';
import { cutFor } from '../session/log-turns.ts';
import type { EventStore } from '../store/store.ts';
import { readLog } from './read-log.ts';
import { checkpointMessages, rewindPlace } from './rewind-target.ts';

export interface RewindParts {
  registry: SessionRegistry;
  events: EventStore;
}

interface Wanted {
  conversation: boolean;
  files: boolean;
  dryRun: boolean;
}

/**
 * Takes the last turns of a session back. The session is held meanwhile: messages are accepted and stay queued. Files
 * go first, since they can be refused; then the conversation, by one event.
 * @throws HearthError when it cannot be done; nothing was changed then
 */
export async function rewindSession(
  { registry, events }: RewindParts,
  backend: Backend,
  sessionId: string,
  params: SessionRewind,
): Promise<SessionRewindResult> {
  const { conversation = true, files = false, dryRun = false } = params;
  const wanted = { conversation, files, dryRun };
  checkWanted(backend, wanted);
  const actor = await registry.get(sessionId);
  const agent = !files ? 'stays' : dryRun ? 'leaves when free' : 'leaves';
  await actor.request({ type: 'rewind.begin', agent });
  let outcome: Awaited<ReturnType<typeof carryOut>>;
  try {
    outcome = await carryOut({ actor, backend, registry }, wanted, params, await readLog(events, sessionId));
  } catch (error) {
    await actor.request({ type: 'rewind.end', done: null });
    throw error;
  }
  await actor.request({ type: 'rewind.end', done: outcome.done });
  return outcome.result;
}

interface Performers {
  actor: SessionActor;
  backend: Backend;
  registry: SessionRegistry;
}

async function carryOut(
  performers: Performers,
  wanted: Wanted,
  params: SessionRewind,
  log: readonly Event[],
): Promise<{ result: SessionRewindResult; done: RewindDone | null }> {
  const place = rewindPlace(log, params);
  const files = wanted.files ? await rewindFiles(performers, checkpointMessages(place, log), wanted.dryRun) : undefined;
  const { conversation, dryRun } = wanted;
  const turns = place.gone.length;
  const named = files === undefined ? {} : { files };
  const result = { toSeq: place.seq, turns, conversation, ...named, dryRun };
  if (dryRun) return { result, done: null };
  const cut = conversation ? cutFor(place, log) : null;
  return { result, done: { toSeq: place.seq, turns, cut, ...named } };
}

async function rewindFiles(
  { actor, backend, registry }: Performers,
  messageIds: string[],
  dryRun: boolean,
): Promise<string[]> {
  const { id: sessionId, cwd, agentSessionId } = actor.session;
  if (messageIds.length === 0 || agentSessionId === undefined) return [];
  await actor.vacant();
  const source = { sessionId, cwd, agentSessionId, messageIds, dryRun };
  return registry.withPlace(actor.session, async () => backend.rewindFiles?.(source) ?? []);
}

function checkWanted(backend: Backend, { conversation, files }: Wanted): void {
  const { capabilities, name } = backend;
  if (!conversation && !files) {
    throw new HearthError(
      'invalid_request',
      'There is nothing to rewind: neither the conversation nor files are wanted.',
    );
  }
  if (conversation && capabilities.rewind !== true) {
    throw new HearthError('invalid_request', `The agent “${name}” cannot rewind a conversation.`, {
      hint: 'Fork the session instead.',
    });
  }
  if (files && (capabilities.fileCheckpoints !== true || backend.rewindFiles === undefined)) {
    throw new HearthError('invalid_request', `The agent “${name}” keeps no checkpoints of files.`, {
      hint: 'Rewind the conversation alone.',
    });
  }
}
