import type { Capabilities } from '@hearth/protocol';
import type { AgentEvent, AgentProcess, AgentSpec, Backend, Conversation, ForkSource } from '../backend.ts';
import { ScriptedProcess } from './scripted-process.ts';
import type { ScriptedBackendOptions } from './scripted-process.ts';

const CAPABILITIES: Capabilities = {
  steering: true,
  resume: true,
  fork: true,
  approvals: true,
  images: true,
  models: true,
  modes: true,
  usage: true,
  rewind: true,
  fileCheckpoints: false,
};

/**
 * A deterministic agent for demos, load tests and conformance. It obeys the directives in the prompt, needs no account
 * and no process, and remembers nothing: each answer follows from its prompt alone.
 */
export function createScriptedBackend(options: ScriptedBackendOptions): Backend {
  const open = new Set<ScriptedProcess>();
  return {
    name: 'scripted',
    capabilities: CAPABILITIES,
    usesProcess: false,
    check: () => Promise.resolve({ available: true }),
    open(spec: AgentSpec, emit: (event: AgentEvent) => void): AgentProcess {
      const process = new ScriptedProcess(spec, options, (event) => {
        if (event.type === 'exited') open.delete(process);
        emit(event);
      });
      open.add(process);
      return process;
    },
    fork: ({ newSessionId }: ForkSource) => Promise.resolve(newSessionId),
    forget: (_conversation: Conversation) => Promise.resolve(),
    close: () => {
      for (const process of open) process.kill();
      return Promise.resolve();
    },
  };
}
