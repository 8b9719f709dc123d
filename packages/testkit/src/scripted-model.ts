import { prefixHashes, type ConversationItem } from './conversation.ts';
import { currentRound } from './current-round.ts';
import type { Script } from './directives.ts';

/** What the scripted model makes of one request. */
export interface ModelTurn {
  readonly script: Script;
  /** 0 for the first time this very request comes in this variant, 1 for its first retry, … */
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
  /** By request, then by variant. */
  readonly #attempts = new Map<string, Map<string, number>>();

  constructor(capacity = 20_000) {
    this.#capacity = capacity;
  }

  /**
   * @param variant how the request was made. Claude Code answers a 400 by sending the same conversation with fewer
   * features; that is no retry, else a prompt that is to fail once would be answered before anybody saw it fail.
   */
  turn(sessionId: string, items: readonly ConversationItem[], variant: string): ModelTurn {
    const hashes = prefixHashes(sessionId, items);
    const key = hashes.at(-1) ?? sessionId;
    const script = currentRound(items, (index) => this.#attempts.has(hashes[index] ?? ''));
    const variants = this.#attempts.get(key) ?? new Map<string, number>();
    const attempt = variants.get(variant) ?? 0;
    variants.set(variant, attempt + 1);
    this.#attempts.delete(key);
    this.#attempts.set(key, variants);
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
