import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bench, ofType } from '@hearth/conformance';
import type { MessagesApi } from '@hearth/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isAlive, Place, scriptedApi, ServerProcess } from './server-process.ts';

const WAIT_MS = 20_000;

/** An MCP server without tools, which writes down its pid. */
const MCP_SERVER = `
require('node:fs').writeFileSync(process.argv[2], String(process.pid));
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const hello = { protocolVersion: params?.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'probe', version: '1' } };
  console.log(JSON.stringify({ jsonrpc: '2.0', id, result: method === 'initialize' ? hello : { tools: [] } }));
});
setInterval(() => {}, 1000);
process.on('SIGTERM', () => {});
`;

/** Leaves one process in the shell’s group, and one in a session of its own whose parent is gone. */
const LEAVE_BEHIND = `
tail -f /dev/null < /dev/null > /dev/null 2>&1 &
echo $! > "$1/near"
(setsid bash -c 'echo $$ > "$0/far"; exec tail -f /dev/null' "$1" < /dev/null > /dev/null 2>&1 &)
until [ -s "$1/far" ]; do sleep 0.02; done
`;

const RUN_LONG = `echo $$ > "$1/task"; exec tail -f /dev/null`;

describe('all that an agent starts', () => {
  let api: MessagesApi;
  let bench: Bench;
  const places: Place[] = [];
  const servers: ServerProcess[] = [];
  const started = new Set<number>();

  function newPlace(): Place {
    const place = new Place();
    places.push(place);
    writeFileSync(join(place.root, 'mcp.cjs'), MCP_SERVER);
    writeFileSync(join(place.root, 'leave-behind.sh'), LEAVE_BEHIND);
    writeFileSync(join(place.root, 'run-long.sh'), RUN_LONG);
    return place;
  }

  async function serve(place: Place, flags: string[] = []): Promise<ServerProcess> {
    const server = await ServerProcess.start(place, api, { agent: 'claude', flags });
    servers.push(server);
    bench = new Bench(server.target('claude', api));
    return server;
  }

  /** A session whose agent has an MCP server and has left processes behind. @returns the pids of all */
  async function busySession(server: ServerProcess): Promise<{ id: string; pids: number[] }> {
    const { place } = server;
    const mcpServers = {
      probe: { command: process.execPath, args: [join(place.root, 'mcp.cjs'), `${place.root}/mcp`] },
    };
    const { id } = await bench.session({ mcpServers, allowedTools: ['Bash'] });
    const socket = await bench.watch(id);
    const before = new Set(server.children());
    const command = `bash ${place.root}/leave-behind.sh ${place.root}`;
    await bench.turn(socket, id, `[[tool Bash ${JSON.stringify({ command })}]]`);
    const pids = [
      ...server.children().filter((pid) => !before.has(pid)),
      ...['mcp', 'near', 'far'].map((name) => pidIn(place, name)),
    ];
    for (const pid of pids) started.add(pid);
    expect(pids).toHaveLength(4);
    expect(pids.filter(isAlive), 'all of them live').toEqual(pids);
    return { id, pids };
  }

  function pidIn(place: Place, name: string): number {
    const pid = Number(readFileSync(join(place.root, name), 'utf8'));
    started.add(pid);
    return pid;
  }

  async function allGone(pids: readonly number[]): Promise<void> {
    await expect.poll(() => pids.filter(isAlive), { timeout: WAIT_MS, interval: 50 }).toEqual([]);
  }

  beforeAll(async () => {
    api = await scriptedApi();
  });

  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
    for (const pid of [...started].filter(isAlive)) process.kill(pid, 'SIGKILL');
    started.clear();
    for (const place of places.splice(0)) place.remove();
    api.reset();
  });

  afterAll(async () => {
    await api.close();
  });

  test('[AGT3] ends with a deleted session, before the deletion is answered', async () => {
    const { id, pids } = await busySession(await serve(newPlace()));
    expect((await bench.http('DELETE', `/v1/sessions/${id}`)).status).toBe(204);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('[AGT3] ends when the session is evicted, before the next one has its place', async () => {
    const server = await serve(newPlace(), ['--max-processes', '1']);
    const { pids } = await busySession(server);
    const other = await bench.session();
    const socket = await bench.watch(other.id);
    await bench.send(other.id, '[[say mine]]');
    await socket.until('the other to be answered', () => ofType(socket.of(other.id), 'turn.completed').length === 1);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('[AGT3] ends when the server stops', async () => {
    const server = await serve(newPlace());
    const { pids } = await busySession(server);
    expect(await server.stop()).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('[AGT3] ends when the agent itself is killed', async () => {
    const server = await serve(newPlace());
    const { pids } = await busySession(server);
    process.kill(pids[0] ?? 0, 'SIGKILL');
    await allGone(pids);
    expect(server.children()).toEqual([]);
  });

  test('[PRC1] is ended by the next server when this one is killed', async () => {
    const place = newPlace();
    const server = await serve(place);
    const { pids } = await busySession(server);
    await server.stop('SIGKILL');
    expect(pids.filter(isAlive).length).toBeGreaterThan(1);
    await serve(place);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('[PRC1] is ended by the next server also when the agent itself has ended meanwhile', async () => {
    const place = newPlace();
    const server = await serve(place);
    const { pids } = await busySession(server);
    await server.stop('SIGKILL');
    const [agent, ...others] = pids;
    process.kill(agent ?? 0, 'SIGKILL');
    await allGone([agent ?? 0]);
    expect(others.filter(isAlive).length).toBeGreaterThan(1);
    await serve(place);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test('[AGT6] keeps its session warm while it works in the background', async () => {
    const flags = ['--max-processes', '2', '--idle-timeout-ms', '100'];
    const server = await serve(newPlace(), flags);
    const { place } = server;
    const { id } = await bench.session({ allowedTools: ['Bash'] });
    const socket = await bench.watch(id);
    const input = { command: `bash ${place.root}/run-long.sh ${place.root}`, run_in_background: true };
    await bench.turn(socket, id, `[[tool Bash ${JSON.stringify(input)}]]`);
    await socket.until('the task to be told', () => ofType(socket.of(id), 'background.changed').length > 0);
    const [agent] = server.children();
    await expect.poll(() => isAlive(pidIn(place, 'task')), { timeout: WAIT_MS }).toBe(true);

    const plain = await bench.session();
    const other = await bench.watch(plain.id);
    await bench.turn(other, plain.id, '[[say hello]]');
    await expect.poll(() => server.children(), { timeout: WAIT_MS, interval: 50 }).toEqual([agent]);
    expect(isAlive(pidIn(place, 'task'))).toBe(true);

    process.kill(pidIn(place, 'task'), 'SIGKILL');
    await expect.poll(() => server.children(), { timeout: WAIT_MS, interval: 50 }).toEqual([]);
    rmSync(join(place.root, 'task'));
  });
});
