import { PassThrough } from 'node:stream';
import { confirm, isCancel, text } from '@clack/prompts';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { leavable } from './leavable.ts';
import { PromptLine } from './prompt-line.ts';
import { RecordedTerminal } from './testing/recorded-terminal.ts';

const CTRL_D = '\u0004';
const CTRL_Z = '\u001a';

let keys: PassThrough;
let screen: PassThrough;
beforeEach(() => {
  keys = new PassThrough();
  screen = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  screen.resume();
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(keys as unknown as typeof process.stdin);
  vi.spyOn(process, 'stderr', 'get').mockReturnValue(screen as unknown as typeof process.stderr);
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('a question at the terminal', () => {
  test('is left by Ctrl-D as by Ctrl-C', async () => {
    const answer = leavable((signal) => confirm({ message: 'Sure?', input: keys, output: screen, signal }));
    keys.write(CTRL_D);
    expect(isCancel(await answer)).toBe(true);
  });

  test('whose answer has begun is not left by a Ctrl-D, which deletes there', async () => {
    const answer = leavable((signal) => text({ message: 'Why?', input: keys, output: screen, signal }));
    keys.write('so');
    keys.write(CTRL_D);
    await new Promise((resolve) => setImmediate(resolve));
    keys.write('\r');
    expect(await answer).toBe('so');
  });

  test('is taken back by the signal of whoever asks', async () => {
    const other = new AbortController();
    const answer = leavable(
      (signal) => confirm({ message: 'Sure?', input: keys, output: screen, signal }),
      other.signal,
    );
    other.abort();
    expect(isCancel(await answer)).toBe(true);
    expect(keys.listenerCount('keypress')).toBe(0);
  });
});

describe('the line that one types into', () => {
  test('is read again when a program that was stopped by Ctrl-Z goes on', async () => {
    const stopped = vi.spyOn(process, 'kill').mockReturnValue(true);
    const lines: string[] = [];
    const on = { line: (line: string) => void lines.push(line), left: () => undefined, stop: () => undefined };
    const line = new PromptLine(new RecordedTerminal(), on);
    keys.write(CTRL_Z);
    await expect.poll(() => stopped.mock.calls).toEqual([[process.pid, 'SIGTSTP']]);
    process.emit('SIGCONT', 'SIGCONT');
    keys.write('/quit\r');
    await expect.poll(() => lines).toEqual(['/quit']);
    line.close();
  });
});
