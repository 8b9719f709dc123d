/** What reading keys from a terminal gives for each. */
interface Key {
  name?: string;
  ctrl?: boolean;
}

/**
 * Asks somebody at the terminal, who can leave by Ctrl-D as by Ctrl-C. At Ctrl-D the prompt's reader only stops to listen:
 * what it asked would wait for ever, and for keys that nobody reads.
 * @param ask given a signal that takes the question back
 */
export async function leavable<Result>(
  ask: (signal: AbortSignal) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const left = new AbortController();
  const { stdin } = process;
  const look = (_text: string | undefined, { name, ctrl }: Key): void => {
    // In a text that has begun it deletes a character, and the reader goes on.
    if (ctrl === true && name === 'd') setImmediate(() => stdin.isPaused() && left.abort());
  };
  stdin.on('keypress', look);
  try {
    return await ask(signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]));
  } finally {
    stdin.off('keypress', look);
  }
}
