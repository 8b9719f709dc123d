import { styleText } from 'node:util';

export type Paint = 'dim' | 'bold' | 'red' | 'green' | 'yellow' | 'cyan';

/** Where a command writes to and whom it can ask. */
export interface Terminal {
  /** Standard output: what the command is for. */
  out(text: string): void;
  /** Standard error: everything that is told beside it. */
  err(text: string): void;
  /** Both are the same screen. */
  readonly together: boolean;
  /** Somebody sits there who can be asked. */
  readonly interactive: boolean;
  /** Width of a line, in columns. */
  readonly columns: number;
  paint(paint: Paint, text: string): string;
}

const DEFAULT_COLUMNS = 100;

/** The terminal, or the pipes, that this process was started with. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  const colored = stderr.isTTY && process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb';
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    together: stdout.isTTY && stderr.isTTY,
    interactive: stdin.isTTY && stderr.isTTY,
    get columns() {
      // A terminal that was never told its size says zero.
      return stderr.columns || stdout.columns || DEFAULT_COLUMNS;
    },
    paint: (paint, text) => (colored ? styleText(paint, text) : text),
  };
}
