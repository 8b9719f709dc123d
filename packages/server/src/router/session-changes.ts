/** Tells whoever watches the list of sessions which of them changed. A hint to look: what is told is always read anew. */
export class SessionChanges {
  readonly #listeners = new Set<(sessionId: string) => void>();

  /** The session is new, changed or deleted. */
  tell(sessionId: string): void {
    for (const listener of this.#listeners) listener(sessionId);
  }

  /** Returns what ends it. */
  watch(listener: (sessionId: string) => void): () => void {
    const own = (sessionId: string): void => listener(sessionId);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }
}
