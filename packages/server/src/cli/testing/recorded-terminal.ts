import type { Paint, Terminal } from '../terminal.ts';

/** A terminal that keeps what was written. */
export class RecordedTerminal implements Terminal {
  readonly together: boolean;
  readonly interactive: boolean;
  readonly columns = 80;
  /** Both streams as they would stand on one screen. */
  screen = '';
  stdout = '';
  stderr = '';

  constructor({ together = true, interactive = false } = {}) {
    this.together = together;
    this.interactive = interactive;
  }

  out(text: string): void {
    this.stdout += text;
    this.screen += text;
  }

  err(text: string): void {
    this.stderr += text;
    this.screen += text;
  }

  paint(_paint: Paint, text: string): string {
    return text;
  }
}
