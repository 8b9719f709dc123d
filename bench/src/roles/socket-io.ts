import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { serveRole } from '../role.ts';
import { anEvent, broadcast } from './broadcast.ts';
import type { Pace } from './broadcast.ts';

/** What somebody would take instead for fan-out and short breaks of the connection: socket.io over WebSocket. */
const RECOVERY_MS = 120_000;
const MAX_BUFFERED_BYTES = 1024 * 1024;

let io: Server | null = null;

async function listen(recovery: boolean): Promise<string> {
  const http = createServer();
  io = new Server(http, {
    transports: ['websocket'],
    serveClient: false,
    ...(recovery ? { connectionStateRecovery: { maxDisconnectionDuration: RECOVERY_MS, skipMiddlewares: true } } : {}),
  });
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

interface Transport {
  socket?: { bufferedAmount: number };
}

async function toAll(pace: Pace): Promise<void> {
  const sockets = [...(io?.sockets.sockets.values() ?? [])];
  await broadcast(pace, {
    send: (event) => io?.emit('event', event),
    full: () =>
      sockets.some(({ conn }) => {
        const { socket } = conn.transport as unknown as Transport;
        return (socket?.bufferedAmount ?? 0) > MAX_BUFFERED_BYTES;
      }),
  });
}

/** Events of which nobody may be there to hear; what recovery is for. */
function emit(count: number, chars: number): void {
  const text = '.'.repeat(chars);
  for (let n = 0; n < count; n += 1) io?.emit('event', anEvent(n, text));
}

serveRole({ listen, toAll, emit });
