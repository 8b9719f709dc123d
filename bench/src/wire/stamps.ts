import type { Buffer } from 'node:buffer';
import { nowUs } from '../measure/clock.ts';

const AT = 0x40;
const ZERO = 0x30;
const DIGITS = 16;

/** @param stampUs the time in the stamp, in µs since 1970 */
export type OnAge = (ageUs: number, stampUs: number) => void;

/** Counts the stamps (`@` and µs since 1970) that one client is given, each once, and how old they are. */
export class StampCounter {
  readonly #onAge: OnAge;
  #last = 0;
  count = 0;
  firstAtUs = 0;
  lastAtUs = 0;

  constructor(onAge: OnAge) {
    this.#onAge = onAge;
  }

  /** Forgets the count; what was seen before is not counted again. */
  reset(): void {
    this.count = 0;
  }

  take(payload: Buffer): void {
    let at = payload.indexOf(AT);
    if (at === -1) return;
    const now = nowUs();
    for (; at !== -1; at = payload.indexOf(AT, at + DIGITS)) {
      const stamp = digitsAt(payload, at + 1);
      if (stamp <= this.#last) continue;
      this.#last = stamp;
      if (this.count === 0) this.firstAtUs = now;
      this.count += 1;
      this.#onAge(now - stamp, stamp);
    }
    this.lastAtUs = now;
  }
}

function digitsAt(payload: Buffer, from: number): number {
  let value = 0;
  for (let at = from; at < from + DIGITS; at += 1) value = value * 10 + (payload[at] ?? ZERO) - ZERO;
  return value;
}

/** Makes texts like the directive `stamps` of the scripted model does. */
export class StampMaker {
  #last = 0;

  /** @param dueUs when it was to be made; default: now */
  next(chars: number, dueUs = nowUs()): string {
    this.#last = Math.max(this.#last + 1, Math.round(dueUs));
    return `@${this.#last} `.padEnd(chars, '.');
  }
}
