import { Buffer } from 'node:buffer';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { serveRole } from '../role.ts';
import { delay, nowUs } from '../measure/clock.ts';
import { StampMaker } from '../wire/stamps.ts';
import { plainStore } from './plain-store.ts';
import { anEvent, broadcast } from './broadcast.ts';
import type { Pace } from './broadcast.ts';

/**
 * The floor of fan-out: the `ws` library, one frame per event, encoded once for all clients. It numbers nothing and forgets
 * whoever is not there. It stores nothing, or each event before it is sent.
 */
const MAX_BUFFERED_BYTES = 1024 * 1024;

let server: WebSocketServer | null = null;
let store: ((events: readonly string[]) => void) | null = null;

/** @param file of the database in which it stores each event first; absent: it stores nothing */
async function listen(file?: string): Promise<string> {
  if (file !== undefined) store = plainStore(file);
  const opened = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server = opened;
  await new Promise((resolve) => {
    opened.once('listening', resolve);
  });
  return `http://127.0.0.1:${(opened.address() as AddressInfo).port}`;
}

function clients(): WebSocket[] {
  return [...(server?.clients ?? [])];
}

async function toAll(pace: Pace): Promise<void> {
  const all = clients();
  await broadcast(pace, {
    send: (event) => {
      store?.([JSON.stringify(event)]);
      const frame = encoded(event);
      for (const client of all) client.send(frame, { binary: false });
    },
    full: () => all.some((client) => client.bufferedAmount > MAX_BUFFERED_BYTES),
  });
}

/**
 * Each client has a stream of its own, all at the same pace. Where events are stored, all of one turn of the event loop are in one
 * transaction.
 */
async function toEach({ count, intervalMs, chars }: Pace): Promise<void> {
  await Promise.all(
    clients().map(async (client) => {
      const stamps = new StampMaker();
      const beganUs = nowUs();
      for (let n = 0; n < count; n += 1) {
        const dueUs = beganUs + n * intervalMs * 1000;
        await delay(Math.max(0, Math.ceil((dueUs - nowUs()) / 1000)));
        say(client, anEvent(n, stamps.next(chars, dueUs)));
      }
    }),
  );
}

let gathered: { client: WebSocket; event: object }[] = [];

function say(client: WebSocket, event: object): void {
  if (store === null) client.send(encoded(event), { binary: false });
  else if (gathered.push({ client, event }) === 1) setImmediate(storeAndSend);
}

function storeAndSend(): void {
  const all = gathered;
  gathered = [];
  store?.(all.map(({ event }) => JSON.stringify(event)));
  for (const { client, event } of all) client.send(encoded(event), { binary: false });
}

function encoded(event: object): Buffer {
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', method: 'event', params: event }));
}

serveRole({ listen, toAll, toEach });
