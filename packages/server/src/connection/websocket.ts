import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { ClientSocket } from './client-socket.ts';
import { Connection } from './connection.ts';
import type { ConnectionOptions } from './connection.ts';

/**
 * Puts a connection on a WebSocket of the `ws` library.
 * @param stream what the WebSocket itself reads from and writes to, without compression
 */
export function connectWebSocket(socket: WebSocket, stream: Duplex, options: ConnectionOptions): Connection {
  const connection = new Connection(clientSocket(socket, stream), options);
  socket.on('message', (data, isBinary) => {
    if (isBinary) connection.receiveBinary();
    else connection.receive(text(data));
  });
  socket.on('pong', () => connection.pong());
  socket.on('close', () => connection.disconnected());
  socket.on('error', (error) => options.log.debug({ err: error }, 'a WebSocket broke'));
  return connection;
}

/**
 * Text frames are written here, all else by the library: it would make a head for each client, and write it apart from what
 * follows. Both write whole frames, at once, into the same stream.
 */
function clientSocket(socket: WebSocket, stream: Duplex): ClientSocket {
  return {
    send: (frame, written) => {
      if (socket.readyState === WebSocket.OPEN) stream.write(encoded(frame), written);
    },
    get bufferedBytes() {
      return stream.writableLength;
    },
    ping: () => {
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    },
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
  };
}

/** RFC 6455, section 5.2: the whole of a text message, without a mask. */
const LAST_TEXT = 0x81;
const SHORT = 125;
const LENGTH_IN_2_BYTES = 126;
const LENGTH_IN_8_BYTES = 127;
const MOST_IN_2_BYTES = 0xff_ff;

function frameOf(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headLength = length <= SHORT ? 2 : length <= MOST_IN_2_BYTES ? 4 : 10;
  const frame = Buffer.allocUnsafe(headLength + length);
  frame[0] = LAST_TEXT;
  if (length <= SHORT) frame[1] = length;
  else if (length <= MOST_IN_2_BYTES) {
    frame[1] = LENGTH_IN_2_BYTES;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_IN_8_BYTES;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, headLength);
  return frame;
}

let lastText = '';
let lastFrame = frameOf('');

/** A message as its frame, which many sockets may be given one after the other: they share its bytes. */
function encoded(message: string): Buffer {
  if (message !== lastText) {
    lastText = message;
    lastFrame = frameOf(message);
  }
  return lastFrame;
}

function text(data: Buffer | ArrayBuffer | Buffer[]): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return (Buffer.isBuffer(data) ? data : Buffer.from(data)).toString('utf8');
}
