import { Buffer } from 'node:buffer';
import type { AddressInfo } from 'node:net';
import SqliteDatabase from 'better-sqlite3';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { serveRole } from '../role.ts';
import { delay } from '../measure/clock.ts';
import { StampMaker } from '../wire/stamps.ts';
import { anEvent, broadcast } from './broadcast.ts';
import type { Pace } from './broadcast.ts';

/**
 * The floor of fan-out: the `ws` library, one frame per event, encoded once for all clients. It numbers nothing and forgets
 * whoever is not there. It stores nothing, or each event before it is sent.
 */
const MAX_BUFFERED_BYTES = 1024 * 1024;

let server: WebSocketServer | null = null;
let store = (_event: string): void => {};

/** @param file of the database in which it stores each event first; absent: it stores nothing */
async function listen(file?: string): Promise<string> {
  if (file !== undefined) store = storeIn(file);
  const opened = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server = opened;
  await new Promise((resolve) => {
    opened.once('listening', resolve);
  });
  return `http://127.0.0.1:${(opened.address() as AddressInfo).port}`;
}

/** On disk when it returns, as Hearth has it. */
function storeIn(file: string): (event: string) => void {
  const db = new SqliteDatabase(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE events (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)');
  const insert = db.prepare('INSERT INTO events (body) VALUES (?)');
  return (event) => insert.run(event);
}

function clients(): WebSocket[] {
  return [...(server?.clients ?? [])];
}

async function toAll(pace: Pace): Promise<void> {
  const all = clients();
  await broadcast(pace, {
    send: (event) => {
      store(JSON.stringify(event));
      const frame = encoded(event);
      for (const client of all) client.send(frame, { binary: false });
    },
    full: () => all.some((client) => client.bufferedAmount > MAX_BUFFERED_BYTES),
  });
}

/** Each client has a stream of its own, all at the same pace. */
async function toEach({ count, intervalMs, chars }: Pace): Promise<void> {
  await Promise.all(
    clients().map(async (client) => {
      const stamps = new StampMaker();
      for (let n = 0; n < count; n += 1) {
        client.send(encoded(anEvent(n, stamps.next(chars))), { binary: false });
        await delay(intervalMs);
      }
    }),
  );
}

function encoded(event: object): Buffer {
  return Buffer.from(JSON.stringify({ jsonrpc: '2.0', method: 'event', params: event }));
}

serveRole({ listen, toAll, toEach });
