import type { AgentEvent, AgentProcess, AgentSpec, Backend, Conversation } from '../backend.ts';
import { checkBinary } from './claude-binary.ts';
import { processEnvironment, type ClaudeBackendDeps } from './claude-config.ts';
import { ClaudeProcess } from './claude-process.ts';
import { forgetConversation, forkConversation, type ConversationDeps } from './conversation.ts';
import { rewindFiles } from './file-rewind.ts';
import { Leftovers } from './leftovers.ts';
import { configDirOf } from './local-transcript.ts';
import { Spares } from './spares.ts';

const CHECK_VALID_MS = 60_000;

/** The Claude Agent SDK with its binary as a backend. */
export function createClaudeBackend(deps: ClaudeBackendDeps): Backend {
  const spares = new Spares(deps.config.spares ?? 0, deps);
  const live = new Map<ClaudeProcess, string>();
  let checked: { at: number; result: ReturnType<Backend['check']> } | undefined;

  const conversations = (): ConversationDeps => ({
    transcripts: deps.transcripts,
    configDir: configDirOf(processEnvironment(deps.config)),
    newId: deps.newId,
  });
  const leftovers = new Leftovers({
    log: deps.log,
    remove: async (conversation) => forgetConversation(conversation, conversations()),
  });
  const endOf = async (sessionId: string): Promise<void> => {
    await Promise.all([...live].filter(([, id]) => id === sessionId).map(async ([process]) => process.gone));
  };

  return {
    name: 'claude',
    usesProcess: true,
    spares,
    capabilities: {
      steering: true,
      resume: true,
      fork: true,
      approvals: true,
      images: true,
      models: true,
      modes: true,
      usage: true,
      rewind: true,
      fileCheckpoints: true,
    },

    async check() {
      if (checked === undefined || deps.clock.now() - checked.at > CHECK_VALID_MS) {
        checked = { at: deps.clock.now(), result: checkNow(deps) };
      }
      return checked.result;
    },

    open(spec: AgentSpec, emit: (event: AgentEvent) => void): AgentProcess {
      // Two processes on one conversation would each write half of it.
      const process = new ClaudeProcess(spec, { ...deps, spares, leftovers }, emit, endOf(spec.sessionId));
      live.set(process, spec.sessionId);
      void process.gone.finally(() => live.delete(process));
      return process;
    },

    async fork(source) {
      return forkConversation(source, conversations());
    },

    async rewindFiles(source) {
      await endOf(source.sessionId);
      return rewindFiles(source, deps);
    },

    async forget(conversation: Conversation) {
      await endOf(conversation.sessionId);
      const { cwd, agentSessionId } = conversation;
      await leftovers.forget(conversation);
      if (agentSessionId !== undefined) await forgetConversation({ cwd, agentSessionId }, conversations());
    },

    async close() {
      const noSpares = spares.close();
      const processes = [...live.keys()];
      for (const process of processes) process.close();
      await Promise.all([noSpares, ...processes.map(async (process) => process.gone)]);
    },
  };
}

async function checkNow(deps: ClaudeBackendDeps): ReturnType<Backend['check']> {
  const binary = await checkBinary(deps.config.pathToClaudeCodeExecutable, processEnvironment(deps.config));
  return binary.type === 'found' ? { available: true } : { available: false, reason: binary.reason };
}
