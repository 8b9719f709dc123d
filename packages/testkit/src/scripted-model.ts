import { prefixHashes, type ConversationItem } from './conversation.ts';
import { currentRound } from './current-round.ts';
import type { Script } from './directives.ts';

/** What the scripted model makes of one request. */
export interface ModelTurn {
  readonly script: Script;
  /** 0 for the first time this very request comes, 1 for its first retry, … */
  readonly attempt: number;
  /** Names this request; the same for a retry. */
  readonly key: string;
}

/**
 * Decides by a conversation alone what to answer, and remembers only how often each request came. Keys are hashes of
 * the conversation within its session: a retry counts up, a new identical prompt starts anew.
 */
export class ScriptedModel {
  readonly #capacity: number;
  readonly #attempts = new Map<string, number>();

  constructor(capacity = 20_000) {
    this.#capacity = capacity;
  }

  turn(sessionId: string, items: readonly ConversationItem[]): ModelTurn {
    const hashes = prefixHashes(sessionId, items);
    const key = hashes.at(-1) ?? sessionId;
    const attempt = this.#attempts.get(key) ?? 0;
    const script = currentRound(items, (index) => this.#attempts.has(hashes[index] ?? ''));
    this.#attempts.delete(key);
    this.#attempts.set(key, attempt + 1);
    this.#forgetOldest();
    return { script, attempt, key };
  }

  reset(): void {
    this.#attempts.clear();
  }

  #forgetOldest(): void {
    for (const oldest of this.#attempts.keys()) {
      if (this.#attempts.size <= this.#capacity) return;
      this.#attempts.delete(oldest);
    }
  }
}
