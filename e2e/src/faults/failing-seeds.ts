import type { FaultRun } from './run-faults.ts';

/** Runs that broke a rule once, and what was wrong. Each is run again with the tests. */
export const FAILING_SEEDS: readonly (FaultRun & { found: string })[] = [
  {
    found: 'a WebSocket that came while the server went was never read, and the server never went',
    agent: 'scripted',
    seed: 33,
    steps: 30,
  },
  {
    found: 'a disk that was full at the end of the start left a server that listened and told nobody',
    agent: 'scripted',
    seed: 6,
    steps: 30,
  },
  {
    found: 'a fork was not told what its source’s agent had not stored yet',
    agent: 'claude',
    seed: 1026,
    steps: 30,
  },
  {
    found: 'a process that a refused commit was to end lived on, and its session never came back',
    agent: 'claude',
    seed: 108,
    steps: 30,
  },
  {
    found: 'a message to an agent that ended before its commit was stored opened a process that nobody listened to',
    agent: 'claude',
    seed: 957,
    steps: 24,
    database: 'postgres',
  },
];
