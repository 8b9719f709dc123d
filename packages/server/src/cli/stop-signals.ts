/**
 * Calls the listener at each of the signals (SIGINT and SIGTERM) instead of ending the process.
 * @returns what takes it away
 */
export function onStopSignal(
  listener: (signal: NodeJS.Signals) => void,
  signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'],
): () => void {
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
