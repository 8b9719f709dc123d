/** Calls the listener at each SIGINT and SIGTERM instead of ending the process. @returns what takes it away */
export function onStopSignal(listener: () => void): () => void {
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return () => {
    process.off('SIGINT', listener);
    process.off('SIGTERM', listener);
  };
}
