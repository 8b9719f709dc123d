import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { WebSocket } from 'ws';
import type { ServerProcess } from '../server-process.ts';
import type { Sample } from './trend.ts';

/** A port on which the server's inspector can listen. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

/** What makes a server that can be sampled. */
export function inspected(port: number): Record<string, string> {
  return { NODE_OPTIONS: `--inspect=127.0.0.1:${port}` };
}

/** Objects of the heap and the buffers outside of it. */
const HELD = 'process.memoryUsage().heapUsed + process.memoryUsage().external';

/** What the server holds once its garbage is collected, by its inspector. */
export async function sample(server: ServerProcess, inspectorPort: number): Promise<Sample> {
  return {
    heapBytes: await heapBytes(inspectorPort),
    rssBytes: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024,
    handles: readdirSync(`/proc/${server.pid}/fd`).length,
  };
}

async function heapBytes(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/json/list`);
  const [target] = (await answer.json()) as { webSocketDebuggerUrl: string }[];
  if (target === undefined) throw new Error('the server has no inspector');
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  let id = 0;
  const call = (method: string, params: object = {}): Promise<{ result?: { value?: number } }> => {
    id += 1;
    const mine = id;
    socket.send(JSON.stringify({ id: mine, method, params }));
    return new Promise((resolve) => {
      socket.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString('utf8')) as { id?: number; result?: { result?: { value?: number } } };
        if (message.id === mine) resolve(message.result ?? {});
      });
    });
  };
  await call('HeapProfiler.collectGarbage');
  const { result } = await call('Runtime.evaluate', { expression: HELD, returnByValue: true });
  socket.close();
  if (result?.value === undefined) throw new Error('the server does not tell what it holds');
  return result.value;
}
