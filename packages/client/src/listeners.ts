/** Takes what a listener threw: it must not break the client, and must not be lost either. */
export type OnError = (error: unknown) => void;

/** Throws outside of the client's own work, as an event target does with the errors of its listeners. */
export const throwLater: OnError = (error) => {
  queueMicrotask(() => {
    throw error;
  });
};

/** Functions that want to be told. */
export class Listeners<Args extends unknown[]> {
  readonly #listeners = new Set<(...args: Args) => void>();
  readonly #onError: OnError;

  constructor(onError: OnError) {
    this.#onError = onError;
  }

  /** Returns what takes the listener away again. */
  add(listener: (...args: Args) => void): () => void {
    const own = (...args: Args): void => listener(...args);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  tell(...args: Args): void {
    for (const listener of this.#listeners) {
      try {
        listener(...args);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
