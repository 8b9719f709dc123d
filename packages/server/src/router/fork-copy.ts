import type { Event } from '@hearth/protocol';
import type { SessionRegistry } from '../actor/session-registry.ts';
import type { Backend } from '../backend/backend.ts';
import { cutFor } from '../session/log-turns.ts';
import type { TurnPlace } from '../session/log-turns.ts';
import type { EventStore } from '../store/store.ts';
import { readLog } from './read-log.ts';

export type ForkingBackend = Backend & Required<Pick<Backend, 'fork'>>;

export interface CopyParts {
  registry: SessionRegistry;
  events: EventStore;
  backend: ForkingBackend;
}

export interface WantedCopy {
  sourceId: string;
  newSessionId: string;
  cwd: string;
  /** Where it ends. */
  place: TurnPlace;
  /** The source's, as the place was found in it. */
  log: readonly Event[];
}

/**
 * Copies what an agent knows of a session for a fork of it. The source may work meanwhile: what its agent was given since
 * its log was read may be in the copy, which is made anew then, without that.
 * @returns the agent's id of the copy; null: nothing of the conversation is in it
 * @throws HearthError `not_found`: the source was deleted meanwhile
 */
export async function copyConversation(
  { registry, events, backend }: CopyParts,
  { sourceId, newSessionId, cwd, place, log }: WantedCopy,
): Promise<string | null> {
  for (let known = [...log]; ;) {
    const { agentSessionId, queue } = (await registry.get(sourceId)).session;
    const cut = cutFor(
      place,
      known,
      queue.map((message) => message.id),
    );
    if (agentSessionId === undefined || cut.lastMessageId === null) return null;
    const copy = await backend.fork({ sessionId: sourceId, newSessionId, cwd, agentSessionId, cut });
    try {
      const since = await readLog(events, sourceId, known.at(-1)?.seq);
      await registry.get(sourceId);
      if (!since.some((event) => isNews(event, cut.nextMessageIds))) return copy;
      known = [...known, ...since];
    } catch (error) {
      await backend.forget({ sessionId: newSessionId, cwd, agentSessionId: copy });
      throw error;
    }
    await backend.forget({ sessionId: newSessionId, cwd, agentSessionId: copy });
  }
}

/** Whether the agent was given a message of which the copy was to be without, had it been known. */
function isNews(event: Event, known: readonly string[]): boolean {
  return event.type === 'message.delivered' && !known.includes(event.messageId);
}
