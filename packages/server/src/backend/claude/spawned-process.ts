import type { SpawnedProcess } from '@anthropic-ai/claude-agent-sdk';
import type { ProcessTree } from '../../process/spawn-tree.ts';

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
