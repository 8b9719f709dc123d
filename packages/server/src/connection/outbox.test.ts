import { expect, test } from 'vitest';
import { Outbox, OUTBOX_LIMITS } from './outbox.ts';
import { FakeSocket } from './testing/fake-socket.ts';

const NEXT_TURN = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

const short = (name: string): string => JSON.stringify({ name });
const long = (name: string, length = 150_000): string => JSON.stringify({ name, text: 'x'.repeat(length) });

class NotingSocket extends FakeSocket {
  readonly #note: (frame: string) => void;

  constructor(note: (frame: string) => void) {
    super();
    this.#note = note;
  }

  override send(text: string, written: () => void): void {
    this.#note(text);
    super.send(text, written);
  }
}

/** Clients in a row; `order` is who was handed what, in the order in which it was. */
function clients(count: number) {
  const order: string[] = [];
  const outboxes = Array.from({ length: count }, (_, index) => {
    return new Outbox(new NotingSocket((frame) => order.push(`${index}: ${names(frame)}`)), OUTBOX_LIMITS, {
      written: () => undefined,
      drained: () => undefined,
    });
  });
  return { outboxes, order };
}

function names(frame: string): string {
  const messages = [JSON.parse(frame) as Message | Message[]].flat();
  return messages.map(({ result, params }) => result ?? params?.name).join(' ');
}

interface Message {
  result?: string;
  params?: { name: string };
}

test('what is gathered in one turn of the event loop stays in order, and shares frames as far as they go', async () => {
  const { outboxes, order } = clients(1);
  const [outbox] = outboxes;
  outbox?.events([short('a')]);
  outbox?.answer('{"result":"answer"}');
  outbox?.events([short('b'), long('C')]);
  outbox?.notify('heartbeat', short('d'));
  outbox?.events([long('E'), long('F')]);
  outbox?.events([short('g')]);
  expect(outbox?.pendingBytes).toBeGreaterThan(400_000);
  await NEXT_TURN();
  expect(order).toEqual(['0: a', '0: answer', '0: b C d', '0: E', '0: F g']);
  expect(outbox?.pendingBytes).toBe(0);
});

test('the same page is cut as each client’s bound of a frame asks', async () => {
  const { outboxes, order } = clients(1);
  const other = new FakeSocket();
  const narrow = new Outbox(
    other,
    { ...OUTBOX_LIMITS, maxFrameBytes: 200 },
    { written: () => undefined, drained: () => undefined },
  );
  const bodies = Array.from({ length: 6 }, (_, index) => short(`e${index}`));
  outboxes[0]?.events(bodies);
  narrow.events(bodies);
  await NEXT_TURN();
  expect(order).toEqual(['0: e0 e1 e2 e3 e4 e5']);
  expect(other.frames.map(names)).toEqual(['e0 e1 e2', 'e3 e4 e5']);
});

test('who is closed is sent what was gathered, long or not, and nothing after it', async () => {
  const { outboxes, order } = clients(1);
  const [outbox] = outboxes;
  outbox?.events([short('a'), long('B'), long('C')]);
  outbox?.close();
  outbox?.events([short('d')]);
  await NEXT_TURN();
  expect(order).toEqual(['0: a B', '0: C']);
});
