import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import type { Terminal } from './terminal.ts';

/**
 * A terminal with a line at the bottom into which somebody types. What is shown goes above it, a whole line at a time,
 * so that streaming text and typing do not tear each other.
 */
export class PromptLine implements Terminal {
  readonly together = true;
  readonly interactive = true;
  readonly #terminal: Terminal;
  readonly #input: Interface;
  #unfinished = '';

  constructor(terminal: Terminal, on: { line(line: string): void; left(): void; stop(): void }) {
    this.#terminal = terminal;
    this.#input = createInterface({ input: process.stdin, output: process.stderr, prompt: '› ' });
    this.#input.on('line', (line) => {
      on.line(line);
      this.#input.prompt();
    });
    this.#input.on('SIGINT', () => on.stop());
    // Back in the foreground, it reads nothing until it is told to.
    this.#input.on('SIGCONT', () => this.#input.prompt(true));
    this.#input.on('close', () => on.left());
    this.#input.prompt();
  }

  get columns(): number {
    return this.#terminal.columns;
  }

  out(text: string): void {
    this.#show(text);
  }

  err(text: string): void {
    this.#show(text);
  }

  paint(...args: Parameters<Terminal['paint']>): string {
    return this.#terminal.paint(...args);
  }

  close(): void {
    this.#show(this.#unfinished === '' ? '' : '\n');
    this.#input.removeAllListeners('close');
    this.#input.close();
    process.stderr.write('\r\u001B[K');
  }

  #show(text: string): void {
    const all = this.#unfinished + text;
    const end = all.lastIndexOf('\n') + 1;
    this.#unfinished = all.slice(end);
    if (end === 0) return;
    process.stderr.write('\r\u001B[K');
    this.#terminal.out(all.slice(0, end));
    this.#input.prompt(true);
  }
}
