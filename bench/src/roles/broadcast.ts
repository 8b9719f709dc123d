import { wholeMsUntil } from '@hearth/testkit';
import { delay, nowUs } from '../measure/clock.ts';
import { StampMaker } from '../wire/stamps.ts';

const SESSION = '0f8fad5b-d9cb-469f-a165-70867728950e';
const BLOCK = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const TURN = '550e8400-e29b-41d4-a716-446655440000';

/** How a broadcast goes: so many deltas of so many characters, so many ms apart (0: as fast as they go out). */
export interface Pace {
  count: number;
  intervalMs: number;
  chars: number;
}

/** Where a broadcast goes. */
export interface Outlet {
  /** Sends one event to every client. */
  send(event: object): void;
  /** Whether the clients are behind by more than a server should hold. */
  full(): boolean;
}

/**
 * Makes events with the fields of Hearth's deltas and sends each as soon as it is made, never faster than the clients read. After a
 * late one the next is due as if it had been on time.
 */
export async function broadcast({ count, intervalMs, chars }: Pace, outlet: Outlet): Promise<void> {
  const stamps = new StampMaker();
  const beganUs = nowUs();
  for (let n = 0; n < count; n += 1) {
    const dueUs = beganUs + n * intervalMs * 1000;
    if (intervalMs === 0 || nowUs() >= dueUs) {
      if (n % 16 === 15) await new Promise((resolve) => setImmediate(resolve));
    } else {
      for (let leftMs = wholeMsUntil(dueUs); leftMs > 0; leftMs = wholeMsUntil(dueUs)) await delay(leftMs);
    }
    while (outlet.full()) await new Promise((resolve) => setImmediate(resolve));
    outlet.send(anEvent(n, stamps.next(chars, intervalMs > 0 ? dueUs : nowUs())));
  }
}

export function anEvent(seq: number, text: string): object {
  const time = new Date().toISOString();
  return {
    sessionId: SESSION,
    seq,
    time,
    type: 'block.delta',
    blockId: BLOCK,
    offset: seq * text.length,
    text,
    turnId: TURN,
  };
}
