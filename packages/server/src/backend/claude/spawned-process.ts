import type { SpawnedProcess, SpawnOptions } from '@anthropic-ai/claude-agent-sdk';
import { spawnTree, type ProcessTree } from '../../process/spawn-tree.ts';
import type { ClaudeBackendDeps } from './claude-config.ts';

/** Starts what the SDK wants started, recorded under this name. */
export function spawnAgent(
  { command, args, cwd, env }: SpawnOptions,
  sessionId: string,
  { processes, clock, log }: Pick<ClaudeBackendDeps, 'processes' | 'clock' | 'log'>,
): ProcessTree {
  return spawnTree({
    command,
    args,
    cwd,
    env,
    sessionId,
    processes,
    startedAt: new Date(clock.now()).toISOString(),
    onRecordFailure: (error) => log.error({ err: error, sessionId }, 'the record of a process failed'),
  });
}

/** A process tree as the SDK wants to see it. */
export function spawnedProcess(tree: ProcessTree): SpawnedProcess {
  const { child } = tree;
  return {
    stdin: tree.stdin,
    stdout: child.stdout,
    get killed() {
      return child.killed;
    },
    get exitCode() {
      return child.exitCode;
    },
    get signalCode() {
      return child.signalCode;
    },
    kill: (signal) => child.kill(signal),
    on: child.on.bind(child),
    once: child.once.bind(child),
    off: child.off.bind(child),
  };
}
