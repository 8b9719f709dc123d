import { resolve } from 'node:path';
import type { Query, query, RewindFilesResult, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import { HearthError } from '@hearth/protocol';
import { deferred } from '../../concurrency/deferred.ts';
import { spawnTree, type ProcessTree } from '../../process/spawn-tree.ts';
import type { FileRewind } from '../backend.ts';
import { processEnvironment, type ClaudeBackendDeps } from './claude-config.ts';
import { withWorkingCopy } from './conversation.ts';
import { CHECKPOINTS_ON } from './file-history.ts';
import { keepSafe } from './file-safekeeping.ts';
import { configDirOf } from './local-transcript.ts';
import { loadSdk } from './sdk.ts';
import { spawnedProcess } from './spawned-process.ts';
import { findMessage } from './transcript.ts';

const TIMEOUT_MS = 30_000;

/**
 * Puts files back by the binary's own checkpoints, which only a running process can do: one is started for it on a
 * copy of the conversation. It says that all went well also when it left a file out, so that the outcome is looked at
 * again, and what it did is taken back when it is not whole.
 * @returns absolute paths of the files that differ, or did
 */
export async function rewindFiles(source: FileRewind, deps: ClaudeBackendDeps): Promise<string[]> {
  const env = processEnvironment(deps.config);
  const conversations = { transcripts: deps.transcripts, configDir: configDirOf(env), newId: deps.newId };
  return withWorkingCopy(source, conversations, async (agentSessionId, entries) => {
    const uuids = source.messageIds.flatMap((id) => entries[findMessage(entries, id)]?.uuid ?? []);
    const helper = startHelper((await loadSdk()).query, source, { ...env, ...CHECKPOINTS_ON }, agentSessionId, deps);
    try {
      return await rewind(helper, uuids, source);
    } finally {
      await helper.end();
    }
  });
}

async function rewind(helper: Helper, uuids: readonly string[], { cwd, dryRun }: FileRewind): Promise<string[]> {
  await helper.ask((query) => query.initializationResult());
  const found = await firstCheckpoint(helper, uuids);
  if (found === undefined) throw noCheckpoint();
  const files = (found.plan.filesChanged ?? []).map((file) => resolve(cwd, file));
  if (files.length === 0) return [];
  const safe = await keepSafe(files);
  try {
    if (dryRun) return files;
    const { left, reason } = await attempt(helper, found.uuid, files);
    if (left.length === 0) return files;
    await helper.end();
    await safe.putBack();
    throw incomplete(left, reason);
  } finally {
    await safe.discard();
  }
}

/** Puts the files back, and looks what is still to be put back then, and why. */
async function attempt(helper: Helper, uuid: string, files: string[]): Promise<{ left: string[]; reason?: string }> {
  try {
    const { canRewind, error } = await helper.ask((query) => query.rewindFiles(uuid));
    const { filesChanged = [] } = await helper.ask((query) => query.rewindFiles(uuid, { dryRun: true }));
    if (canRewind) return { left: filesChanged };
    return { left: files, ...(error === undefined ? {} : { reason: error }) };
  } catch (error) {
    const { cause } = error as HearthError;
    return { left: files, ...(cause instanceof Error ? { reason: cause.message } : {}) };
  }
}

async function firstCheckpoint(
  { ask }: Helper,
  uuids: readonly string[],
): Promise<{ uuid: string; plan: RewindFilesResult } | undefined> {
  for (const uuid of uuids) {
    const plan = await ask((query) => query.rewindFiles(uuid, { dryRun: true }));
    if (plan.canRewind) return { uuid, plan };
  }
  return undefined;
}

interface Helper {
  /** Rejects also when the process ends meanwhile, or all takes too long. */
  ask: <Answer>(question: (query: Query) => Promise<Answer>) => Promise<Answer>;
  /** Resolves when nothing of the process is alive. */
  end: () => Promise<void>;
}

/** A process that is given no message: nothing is asked of a model. */
function startHelper(
  start: typeof query,
  { cwd, sessionId }: FileRewind,
  env: Record<string, string | undefined>,
  agentSessionId: string,
  deps: ClaudeBackendDeps,
): Helper {
  const { processes, log, clock, config } = deps;
  const over = deferred<void>();
  const failed = deferred<never>();
  // Whoever waits for the work is told; nobody else has to be.
  failed.promise.catch(() => undefined);
  let tree: ProcessTree | undefined;
  const started = start({
    prompt: silence(over.promise),
    options: {
      cwd,
      env,
      // Nothing of the user's is to run for this: no hooks, no servers.
      settingSources: [],
      extraArgs: { resume: agentSessionId },
      ...(config.pathToClaudeCodeExecutable === undefined
        ? {}
        : { pathToClaudeCodeExecutable: config.pathToClaudeCodeExecutable }),
      spawnClaudeCodeProcess: (options) => {
        tree = spawnTree({
          command: options.command,
          args: options.args,
          cwd: options.cwd,
          env: options.env,
          sessionId,
          processes,
          startedAt: new Date(clock.now()).toISOString(),
          onRecordFailure: (error) => log.error({ err: error, sessionId }, 'the record of a process failed'),
        });
        return spawnedProcess(tree);
      },
    },
  });
  const read = readToEnd(started).then(
    () => failed.reject(unavailable()),
    (error: unknown) => failed.reject(unavailable(error)),
  );
  const timer = setTimeout(() => failed.reject(unavailable()), TIMEOUT_MS);
  return {
    ask: async (question) =>
      Promise.race([question(started).catch((error: unknown) => Promise.reject(unavailable(error))), failed.promise]),
    end: async () => {
      clearTimeout(timer);
      over.resolve();
      const stubborn = setTimeout(() => void tree?.kill(), config.closeTimeoutMs ?? 5_000);
      await read;
      clearTimeout(stubborn);
      await tree?.kill();
      await tree?.ended;
    },
  };
}

async function readToEnd(messages: Query): Promise<void> {
  for await (const _ of messages);
}

/** An input that says nothing, and ends then. */
function silence(until: Promise<void>): AsyncIterable<SDKUserMessage> {
  const next = async (): Promise<IteratorResult<SDKUserMessage>> => {
    await until;
    return { done: true, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

function noCheckpoint(): HearthError {
  return new HearthError(
    'invalid_request',
    'The files were not put back: the agent has no checkpoint of that moment.',
    {
      hint: 'Checkpoints reach back about a hundred messages and stay on the machine that made them. Rewind the conversation alone.',
    },
  );
}

function incomplete(files: readonly string[], reason: string | undefined): HearthError {
  const why = reason === undefined ? '' : ` (${reason})`;
  return new HearthError('invalid_request', `The files were not put back: it failed for ${files.join(', ')}${why}.`, {
    hint: 'All files are as they were before. Rewind the conversation alone.',
  });
}

function unavailable(cause?: unknown): HearthError {
  return new HearthError('agent_unavailable', 'The files were not put back: the agent did not do it.', {
    hint: 'Try again; `hearth doctor` says whether the agent can run.',
    ...(cause === undefined ? {} : { cause }),
  });
}
