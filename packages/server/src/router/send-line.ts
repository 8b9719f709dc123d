/** Lets the tasks of one session run one after the other, in the order in which they came. */
export class SendLine {
  readonly #last = new Map<string, Promise<unknown>>();

  async run<Result>(sessionId: string, task: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(sessionId) ?? Promise.resolve();
    // The one before answers for its own failure; this one only waits for its end.
    const mine = before.then(task, task);
    this.#last.set(sessionId, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(sessionId) === mine) this.#last.delete(sessionId);
    }
  }

  /** Resolves when the tasks that are there now are over, whatever came of them. */
  async passed(sessionId: string): Promise<void> {
    await this.#last.get(sessionId)?.catch(() => undefined);
  }
}
