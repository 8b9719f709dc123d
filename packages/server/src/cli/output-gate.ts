import type { Terminal } from './terminal.ts';

/** A terminal that can be held while somebody is asked: what comes meanwhile is shown afterwards, in order. */
export class OutputGate implements Terminal {
  readonly #terminal: Terminal;
  readonly #waiting: { stream: 'out' | 'err'; text: string }[] = [];
  #held = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  get together(): boolean {
    return this.#terminal.together;
  }

  get interactive(): boolean {
    return this.#terminal.interactive;
  }

  get columns(): number {
    return this.#terminal.columns;
  }

  out(text: string): void {
    this.#write('out', text);
  }

  err(text: string): void {
    this.#write('err', text);
  }

  paint(...args: Parameters<Terminal['paint']>): string {
    return this.#terminal.paint(...args);
  }

  /** Runs something that has the screen to itself. */
  async hold<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#held = true;
    try {
      return await work();
    } finally {
      this.#held = false;
      for (const { stream, text } of this.#waiting.splice(0)) this.#terminal[stream](text);
    }
  }

  #write(stream: 'out' | 'err', text: string): void {
    if (this.#held) this.#waiting.push({ stream, text });
    else this.#terminal[stream](text);
  }
}
