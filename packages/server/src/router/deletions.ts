import { HearthError } from '@hearth/protocol';
import type { SessionActor } from '../actor/session-actor.ts';
import type { SessionRegistry } from '../actor/session-registry.ts';
import type { Backend } from '../backend/backend.ts';
import type { EventLog } from '../event-log/event-log.ts';
import type { Store } from '../store/store.ts';
import type { SessionChanges } from './session-changes.ts';

export interface DeletionParts {
  registry: SessionRegistry;
  changes: SessionChanges;
  eventLog: EventLog;
  store: Store;
  backends: ReadonlyMap<string, Backend>;
}

/** Deletes sessions: each is closed first, then removed from memory, from its agent and from the store. */
export class Deletions {
  readonly #parts: DeletionParts;
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(parts: DeletionParts) {
    this.#parts = parts;
  }

  /**
   * Who asks while another one deletes the same session waits for that.
   * @throws HearthError `not_found`
   */
  async delete(sessionId: string): Promise<void> {
    await (this.#underWay.get(sessionId) ?? this.#begin(await this.#parts.registry.get(sessionId)));
  }

  /**
   * Deletes a session unless somebody has come back to it.
   * @param sinceMs ms since 1970: it was not used from then on
   * @returns whether it is gone
   */
  async deleteUnused(sessionId: string, sinceMs: number): Promise<boolean> {
    const actor = await this.#parts.registry.get(sessionId);
    const { registry, eventLog } = this.#parts;
    const used =
      !actor.settled || eventLog.subscribers(sessionId) > 0 || Date.parse(actor.session.updatedAt) >= sinceMs;
    if (used || registry.peek(sessionId) !== actor) return false;
    await this.#begin(actor);
    return true;
  }

  #begin(actor: SessionActor): Promise<void> {
    const { id } = actor;
    const underWay = this.#underWay.get(id);
    if (underWay !== undefined) return underWay;
    const deletion = this.#delete(actor).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, deletion);
    return deletion;
  }

  async #delete(actor: SessionActor): Promise<void> {
    const { registry, backends, store, changes } = this.#parts;
    await closed(actor);
    const { id: sessionId, agent, agentSessionId, cwd } = actor.session;
    const conversation = { sessionId, cwd, ...(agentSessionId === undefined ? {} : { agentSessionId }) };
    await registry.remove(actor, async () => {
      await backends.get(agent)?.forget(conversation);
      await store.sessions.delete(sessionId);
    });
    changes.tell(sessionId);
  }
}

/** A deletion that was cut short, by a crash or by an agent that could not forget, has left it closed. */
async function closed(actor: SessionActor): Promise<void> {
  try {
    await actor.request({ type: 'session.close', reason: 'deleted' });
  } catch (error) {
    if (HearthError.from(error).code !== 'session_closed') throw error;
  }
}
