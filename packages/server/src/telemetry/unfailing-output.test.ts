import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UnfailingOutput, unfailingScreen } from './unfailing-output.ts';

let folder: string;
let file: string;
let fd: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearth-output-'));
  file = join(folder, 'log');
  fd = openSync(file, 'a');
});
afterEach(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

describe('the output of the log', () => {
  test('has all lines in their order', async () => {
    const output = new UnfailingOutput(fd);
    const lines = Array.from({ length: 100 }, (_, count) => `línea ${count}\n`);
    for (const line of lines) output.write(line);
    await expect.poll(() => readFileSync(file, 'utf8')).toBe(lines.join(''));
  });

  test('has what waits when it is asked for at once, as before the end', () => {
    const output = new UnfailingOutput(fd);
    output.write('first\n');
    output.write('last words\n');
    output.flushSync();
    expect(readFileSync(file, 'utf8')).toContain('last words\n');
  });

  test('that cannot be written loses lines, and nothing throws or waits', async () => {
    const readOnly = openSync(file, 'r');
    const output = new UnfailingOutput(readOnly);
    output.write('lost\n');
    output.write('lost, too\n');
    output.flushSync();
    const screen = unfailingScreen(readOnly);
    await new Promise<void>((resolve) => screen.write('lost\n', () => resolve()));
    closeSync(readOnly);
    expect(readFileSync(file, 'utf8')).toBe('');
  });
});
