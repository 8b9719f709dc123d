import type { JsonObject } from './directives.ts';
import type { Clock } from './fake-clock.ts';
import { pause } from './pause.ts';

/** What a simulated tool gave. */
export interface ToolOutcome {
  readonly output: string;
  readonly isError: boolean;
}

/**
 * Acts as if it ran a tool; nothing is executed. `Bash` knows `echo X`, `sleep S`, `tail -f /dev/null` and `exit N`,
 * one after the other when joined by `;` or `&&`; a tool named `sleep` waits `seconds`; any other answers
 * `NAME ok {input}`. Waits on the clock, and ends early when the signal is aborted.
 */
export async function simulateTool(
  name: string,
  input: JsonObject,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<ToolOutcome> {
  if (name.toLowerCase() === 'sleep') {
    await pause(clock, Number(input['seconds'] ?? 0) * 1000, signal);
    return { output: '', isError: false };
  }
  const { command } = input;
  if (name !== 'Bash' || typeof command !== 'string') return { output: acknowledge(name, input), isError: false };
  const lines: string[] = [];
  for (const part of command.split(/;|&&/)) {
    const step = readCommand(part.trim());
    switch (step.type) {
      case 'echo':
        lines.push(step.text);
        break;
      case 'wait':
        await pause(clock, step.ms, signal);
        break;
      case 'exit':
        return { output: [...lines, `Exit code ${step.code}`].join('\n'), isError: step.code !== 0 };
      case 'other':
        lines.push(acknowledge(name, input));
        break;
    }
    if (signal.aborted) return { output: lines.join('\n'), isError: true };
  }
  return { output: lines.join('\n'), isError: false };
}

type Command =
  | { readonly type: 'echo'; readonly text: string }
  | { readonly type: 'wait'; readonly ms: number | 'forever' }
  | { readonly type: 'exit'; readonly code: number }
  | { readonly type: 'other' };

function readCommand(command: string): Command {
  const echo = /^echo(?:\s+([\s\S]*))?$/.exec(command);
  if (echo !== null) return { type: 'echo', text: (echo[1] ?? '').replace(/^(["'])([\s\S]*)\1$/, '$2') };
  const sleep = /^sleep\s+(\d+(?:\.\d+)?)s?$/.exec(command);
  if (sleep !== null) return { type: 'wait', ms: Number(sleep[1]) * 1000 };
  if (/^tail -f \/dev\/null$/.test(command)) return { type: 'wait', ms: 'forever' };
  const exit = /^exit\s+(\d+)$/.exec(command);
  return exit === null ? { type: 'other' } : { type: 'exit', code: Number(exit[1]) };
}

function acknowledge(name: string, input: JsonObject): string {
  return `${name} ok ${JSON.stringify(input)}`;
}
