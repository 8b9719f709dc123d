/** Tells whoever watches the list of sessions which of them changed. A hint to look: what is told is always read anew. */
export class SessionChanges {
  readonly #listeners = new Set<(sessionId: string) => void>();
  readonly #onError: (error: unknown) => void;

  /** @param onError a listener has thrown, which is no matter of the session nor of the other listeners */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** The session is new, changed or deleted. */
  tell(sessionId: string): void {
    for (const listener of this.#listeners) {
      try {
        listener(sessionId);
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  /** Returns what ends it. */
  watch(listener: (sessionId: string) => void): () => void {
    const own = (sessionId: string): void => listener(sessionId);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }
}
