import type { MoveObserver, MoveStep } from '../store/move/move.ts';

/** Where there is no terminal, a long table says how far it is so often. */
const LINE_EVERY_MS = 5_000;
/** A table of more rows says so when it begins. */
const LONG_ROWS = 2_000;

const WORDS: Readonly<Record<MoveStep, string>> = { copying: 'copied', comparing: 'compared' };
const BEGINNINGS = {
  fresh: undefined,
  resumed: 'going on where the last run stopped',
  anew: 'what an earlier run copied is out of date; copying everything again',
};

export interface ProgressOutput {
  /** A line that stays. */
  line(text: string): void;
  /** What is going on, on a terminal; it is replaced by the next. */
  status?: (text: string) => void;
  /** Milliseconds of a clock that never goes back. */
  nowMs(): number;
}

/** Tells how far a move is: a line per table with rows, rate and what is left. */
export class MoveProgress implements MoveObserver {
  readonly #output: ProgressOutput;
  #step: MoveStep = 'copying';
  #table = '';
  #first = 0;
  #done = 0;
  #total = 0;
  #startedMs = 0;
  #toldMs = 0;

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  begun(how: keyof typeof BEGINNINGS): void {
    const text = BEGINNINGS[how];
    if (text !== undefined) this.#output.line(text);
  }

  started(step: MoveStep, table: string, done: number, total: number): void {
    this.#step = step;
    this.#table = table;
    this.#first = done;
    this.#done = done;
    this.#total = total;
    this.#startedMs = this.#toldMs = this.#output.nowMs();
    const text = `${step} ${table}: ${rows(total)}${done > 0 ? `, ${count(done)} of them done` : ''}`;
    if (this.#output.status !== undefined) this.#output.status(text);
    else if (total > LONG_ROWS) this.#output.line(text);
  }

  advanced(done: number): void {
    this.#done = done;
    if (this.#output.status !== undefined) {
      this.#output.status(this.#text());
      return;
    }
    const nowMs = this.#output.nowMs();
    if (nowMs - this.#toldMs < LINE_EVERY_MS) return;
    this.#toldMs = nowMs;
    this.#output.line(this.#text());
  }

  finished(): void {
    this.#output.line(`${WORDS[this.#step]} ${this.#table}: ${rows(this.#done)}`);
  }

  #text(): string {
    const seconds = (this.#output.nowMs() - this.#startedMs) / 1_000;
    const rate = seconds > 0 ? (this.#done - this.#first) / seconds : 0;
    const share = this.#total > 0 ? ` (${Math.floor((this.#done / this.#total) * 100)} %)` : '';
    const left = rate > 0 ? `, ${duration((this.#total - this.#done) / rate)} left` : '';
    return `${this.#step} ${this.#table}: ${count(this.#done)} of ${count(this.#total)}${share}, ${count(Math.round(rate))} rows/s${left}`;
  }
}

function rows(number: number): string {
  return `${count(number)} ${number === 1 ? 'row' : 'rows'}`;
}

function count(number: number): string {
  return number.toLocaleString('en');
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  return whole < 100 ? `${whole} s` : `${Math.ceil(whole / 60)} min`;
}
