import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { connect } from './index.ts';
import type { ConnectOptions, Hearth } from './index.ts';

interface Request {
  id: number;
  method: string;
}

const opened: { server: Server; sockets: WebSocketServer; clients: Hearth[] }[] = [];
afterEach(async () => {
  for (const { server, sockets, clients } of opened.splice(0)) {
    for (const client of clients) client.close();
    for (const socket of sockets.clients) socket.terminate();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A real HTTP server whose WebSockets answer everything; `refuse` turns upgrades away. */
async function start({ refuse }: { refuse?: number } = {}): Promise<{
  open: (options?: ConnectOptions) => Hearth;
  upgrades: IncomingMessage[];
}> {
  const upgrades: IncomingMessage[] = [];
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    if (request.url?.includes('/cut/') === true) {
      response.writeHead(200, { 'content-length': '100' }).write('# Hel');
      setImmediate(() => request.socket.destroy());
      return;
    }
    const known = request.headers.authorization === 'Bearer secret' && request.url?.includes('/s%2F1/') === true;
    const problem = { status: 404, detail: 'There is no session.', code: 'not_found', hint: 'Look at the list.' };
    response.writeHead(known ? 200 : 404).end(known ? '# Hello' : JSON.stringify(problem));
  });
  server.on('upgrade', (request, socket, head) => {
    upgrades.push(request);
    if (refuse !== undefined) {
      socket.end(`HTTP/1.1 ${refuse} Refused\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (open) => {
      open.on('message', (data: Buffer) => {
        const { id, method } = JSON.parse(data.toString()) as Request;
        open.send(JSON.stringify([{ jsonrpc: '2.0', id, result: method === 'agent.list' ? { items: [] } : {} }]));
      });
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const clients: Hearth[] = [];
  opened.push({ server, sockets, clients });
  const open = (options?: ConnectOptions): Hearth => {
    const client = connect({ url: `http://127.0.0.1:${port}`, token: 'secret', ...options });
    clients.push(client);
    return client;
  };
  return { open, upgrades };
}

describe('in Node', () => {
  test('the client finds its WebSocket by itself and speaks over a real one', async () => {
    const { open, upgrades } = await start();
    expect(await open().agents()).toEqual([]);
    expect(upgrades[0]?.url).toBe('/v1/ws');
    expect(upgrades[0]?.headers['sec-websocket-protocol']).toBe('hearth.v1');
  });

  test('an upgrade that is refused with 401 is not tried again', async () => {
    const { open, upgrades } = await start({ refuse: 401 });
    const client = open({ WebSocket });
    await expect(client.agents()).rejects.toMatchObject({ code: 'unauthorized' });
    expect(client.state.status).toBe('unauthorized');
    expect(upgrades).toHaveLength(1);
  });

  test('a transcript is read over HTTP, and a problem document becomes a HearthError', async () => {
    const { open } = await start();
    const client = open();
    expect(await client.session('s/1').transcript('md')).toBe('# Hello');
    await expect(client.session('other').transcript()).rejects.toMatchObject({
      code: 'not_found',
      message: 'There is no session.',
      hint: 'Look at the list.',
    });
    await expect(client.session('cut').transcript('md')).rejects.toMatchObject({ code: 'connection_lost' });
  });
});
