/**
 * Processes that stand ready for sessions to come. They are beside the cap of live agents, since no session holds them,
 * and within the bound of memory, where they are the first to go.
 */
export interface SpareProcesses {
  /** How many stand ready. */
  readonly ready: number;
  /** Of all of them together, as far as it can be measured. */
  memoryBytes(): number;
  /** Ends one of them. @returns false: there is none */
  discard(): boolean;
  /** From now on they are started by themselves, as long as `hasRoom` says that there is memory for one more. */
  keepReady(hasRoom: () => boolean): void;
}
