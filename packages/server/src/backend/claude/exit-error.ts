import { stat } from 'node:fs/promises';
import type { TurnError } from '@hearth/protocol';
import type { ProcessEnd } from '../../process/spawn-tree.ts';
import { checkBinary } from './claude-binary.ts';
import { turnError } from './turn-error.ts';

export interface UnaskedEnd {
  /** Whether the process ever answered. */
  ready: boolean;
  end: ProcessEnd | undefined;
  /** The last of its standard error. */
  said: string;
  /** What was thrown, by the SDK or before it came to that. */
  failure: unknown;
  cwd: string;
  binary: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
}

/** Why a process ended that nobody asked to end, and what to do. */
export async function exitError(unasked: UnaskedEnd): Promise<TurnError> {
  if (unasked.ready) {
    const detail = [endText(unasked.end), unasked.said].filter((text) => text !== '').join('\n');
    return turnError('agent_crashed', `The claude process ended unexpectedly: ${detail}`);
  }
  if (!(await isDirectory(unasked.cwd))) {
    const hint = 'Make the directory again, or start another session.';
    return forGood(`The working directory of the session is not there: ${unasked.cwd}`, hint);
  }
  const hint = '`hearth doctor` shows what is wrong with the agent.';
  const binary = await checkBinary(unasked.binary, unasked.env);
  if (binary.type === 'unusable') return forGood(binary.reason, hint);
  const thrown = unasked.failure instanceof Error ? unasked.failure.message : '';
  const detail = [unasked.said, thrown, endText(unasked.end)].find((text) => text !== '') ?? 'it ended at once';
  return turnError('agent_unavailable', `The claude process did not start: ${detail}`, { hint });
}

/** To try again without a change would fail again. */
function forGood(message: string, hint: string): TurnError {
  return { ...turnError('agent_unavailable', message, { hint }), retryable: false };
}

function endText(end: ProcessEnd | undefined): string {
  if (end === undefined) return '';
  switch (end.type) {
    case 'exited':
      return `exit code ${end.code}`;
    case 'killed':
      return `killed by ${end.signal}`;
    default:
      return end.error.message;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}
