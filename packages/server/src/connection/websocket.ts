import { WebSocket } from 'ws';
import type { Log } from '../telemetry/log.ts';
import type { ClientSocket } from './client-socket.ts';
import { Connection } from './connection.ts';
import type { ConnectionOptions } from './connection.ts';

/** Puts a connection on a WebSocket of the `ws` library. */
export function connectWebSocket(socket: WebSocket, options: ConnectionOptions): Connection {
  const connection = new Connection(clientSocket(socket, options.log), options);
  socket.on('message', (data, isBinary) => {
    if (isBinary) connection.receiveBinary();
    else connection.receive(text(data));
  });
  socket.on('pong', () => connection.pong());
  socket.on('close', () => connection.disconnected());
  socket.on('error', (error) => options.log.debug({ err: error }, 'a WebSocket broke'));
  return connection;
}

function clientSocket(socket: WebSocket, log: Log): ClientSocket {
  return {
    send: (frame, written) => {
      if (socket.readyState !== WebSocket.OPEN) return;
      socket.send(encoded(frame), { binary: false }, (error) => {
        if (error) log.debug({ err: error }, 'a frame could not be sent');
        else written();
      });
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    ping: () => {
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    },
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  };
}

let lastFrame = '';
let lastBytes = Buffer.alloc(0);

/** The bytes of a frame, which many sockets may be given one after the other: they share them. */
function encoded(frame: string): Buffer {
  if (frame !== lastFrame) {
    lastFrame = frame;
    lastBytes = Buffer.from(frame);
  }
  return lastBytes;
}

function text(data: Buffer | ArrayBuffer | Buffer[]): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return (Buffer.isBuffer(data) ? data : Buffer.from(data)).toString('utf8');
}
