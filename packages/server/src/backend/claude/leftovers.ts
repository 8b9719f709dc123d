import type { ClaudeBackendDeps } from './claude-config.ts';
import type { Beginning } from './conversation.ts';

interface Owner {
  sessionId: string;
  cwd: string;
}

export interface LeftoversDeps {
  log: ClaudeBackendDeps['log'];
  /** Removes a conversation from the store and from the disk. */
  remove: (conversation: { cwd: string; agentSessionId: string }) => Promise<void>;
}

/**
 * A conversation that has to be cut goes on as a copy, and of the two one is left over: the old one from the end of the
 * copy's first turn on, or the copy when no process ever had it. What is left over is removed, at the latest with its session.
 */
export class Leftovers {
  readonly #deps: LeftoversDeps;
  /** Old ones whose copies were told of, and have had no turn yet. */
  readonly #old = new Map<string, Set<string>>();

  constructor(deps: LeftoversDeps) {
    this.#deps = deps;
  }

  /** A turn has ended in the conversation `inUse`: what it replaced is not needed any more. @returns without that */
  onTurn(owner: Owner, beginning: Beginning | undefined, inUse: string | undefined): Beginning | undefined {
    this.#keep(owner, beginning?.replaced);
    this.#old.get(owner.sessionId)?.delete(inUse ?? '');
    void this.forget(owner).catch((error: unknown) => this.#warn(error, owner));
    if (beginning === undefined) return undefined;
    const { replaced: _, ...rest } = beginning;
    return rest;
  }

  /** A process is gone. Never rejects. @param told whether the session knows the conversation that the process began with */
  async onGone(owner: Owner, beginning: Beginning | undefined, told: boolean): Promise<void> {
    if (beginning?.replaced === undefined) return;
    if (told) {
      this.#keep(owner, beginning.replaced);
      return;
    }
    const { agentSessionId } = beginning;
    await this.#deps.remove({ cwd: owner.cwd, agentSessionId }).catch((error: unknown) => this.#warn(error, owner));
  }

  /** Removes all that is left over of a session. */
  async forget({ sessionId, cwd }: Owner): Promise<void> {
    for (const agentSessionId of this.#old.get(sessionId) ?? []) {
      await this.#deps.remove({ cwd, agentSessionId });
      this.#old.get(sessionId)?.delete(agentSessionId);
    }
    if (this.#old.get(sessionId)?.size === 0) this.#old.delete(sessionId);
  }

  #keep({ sessionId }: Owner, agentSessionId: string | undefined): void {
    if (agentSessionId === undefined) return;
    this.#old.set(sessionId, (this.#old.get(sessionId) ?? new Set()).add(agentSessionId));
  }

  #warn(error: unknown, { sessionId }: Owner): void {
    this.#deps.log.warn({ err: error, sessionId }, 'a replaced transcript could not be removed');
  }
}
