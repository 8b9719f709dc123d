import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { FrameReader } from './frames.ts';
import { WireSocket } from './socket.ts';

describe('the WebSocket client of the benchmarks', () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  let url = '';

  beforeAll(async () => {
    if (server.address() === null) await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => socket.send(data.toString('utf8')));
      socket.on('pong', () => socket.send('ponged'));
      socket.ping();
    });
  });

  afterAll(() => {
    server.close();
    for (const client of server.clients) client.terminate();
  });

  test('what is sent to a real server comes back, of any length, and pings are answered', async () => {
    const socket = await WireSocket.open({ url, path: '/' });
    const got: string[] = [];
    socket.onText = (payload) => got.push(payload.toString('utf8'));
    const texts = [
      '',
      'é',
      'a'.repeat(125),
      'b'.repeat(126),
      'c'.repeat(65_535),
      'd'.repeat(65_536),
      'e'.repeat(300_000),
    ];
    for (const text of texts) socket.send(text);
    await expect.poll(() => got.length).toBe(texts.length + 1);
    expect(got.filter((text) => text !== 'ponged')).toEqual(texts);
    expect(got).toContain('ponged');
    socket.cut();
  });

  test('it hears that the server has closed', async () => {
    const socket = await WireSocket.open({ url, path: '/' });
    let closed = 0;
    socket.onClose = () => (closed += 1);
    for (const client of server.clients) client.terminate();
    await expect.poll(() => closed).toBe(1);
  });

  test('what is left of a frame is kept, whatever becomes of the memory in which it came', () => {
    const got: string[] = [];
    const reader = new FrameReader({ text: (payload) => got.push(payload.toString('utf8')), ping() {}, close() {} });
    const memory = Buffer.alloc(64);
    const frames = Buffer.concat(['first', 'second', 'third'].map(serverFrame));
    for (let at = 0; at < frames.length; at += 5) {
      const length = frames.copy(memory, 0, at, at + 5);
      reader.take(memory.subarray(0, length));
      memory.fill(0xff);
    }
    expect(got).toEqual(['first', 'second', 'third']);
  });

  test('frames are found however the bytes are cut', () => {
    const frames = Buffer.concat(['one', 'x'.repeat(200), 'y'.repeat(70_000), ''].map(serverFrame));
    for (const size of [1, 2, 3, 7, 100, 65_536, frames.length]) {
      const got: number[] = [];
      const reader = new FrameReader({
        text: (payload) => got.push(payload.length),
        ping: () => undefined,
        close: () => undefined,
      });
      for (let at = 0; at < frames.length; at += size) reader.take(frames.subarray(at, at + size));
      expect(got, `in pieces of ${size}`).toEqual([3, 200, 70_000, 0]);
    }
  });
});

function serverFrame(text: string): Buffer {
  const { length } = text;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x81;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, Buffer.from(text)]);
}
