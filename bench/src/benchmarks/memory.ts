import { atMost } from '../benchmark.ts';
import type { Benchmark } from '../benchmark.ts';
import { fill, insertSessions } from '../fixtures.ts';
import { HearthServer, TOKEN, workspaceOf } from '../hearth-server.ts';
import { Inspector } from '../inspector.ts';
import type { Memory } from '../inspector.ts';
import { delay } from '../measure/clock.ts';
import { residentKb } from '../measure/machine.ts';
import type { HearthClient } from '../wire/hearth-client.ts';
import type { Workplace } from '../workplace.ts';

const BYTES_PER_KB = 1024;
const BYTES_PER_MB = 1024 * 1024;
/** What begins after the first clients: the garbage of the start is gone, and timers have run. */
const SETTLE_MS = 2_000;
/** Requests on their way at once. */
const AT_ONCE = 100;

export const memory: Benchmark = {
  name: 'memory',
  title: 'What the server holds in memory',
  about:
    'The server’s resident memory without a session, and without anything that looks at it; then, after the garbage is collected, what its heap and its buffers grow by for each idle session that is loaded (of a database with ten times as many) and for each client that is connected and watches a session.',
  async run(workplace) {
    const empty = await HearthServer.start(workplace, { name: 'empty' });
    await delay(SETTLE_MS);
    const emptyMb = (residentKb(empty.pid) * BYTES_PER_KB) / BYTES_PER_MB;
    await empty.close();

    const { server, inspector, ids } = await watchedServer(workplace);
    const client = await server.client();
    await touch(client, [ids[0] ?? '']);
    const sessions: [number, number][] = [];
    let before = held(await inspector.memory());
    let loaded = 1;
    const perSession: number[] = [];
    for (const count of workplace.pick([100, 1_000, 10_000], [5, 10])) {
      await touch(client, ids.slice(loaded, count));
      const now = held(await inspector.memory());
      perSession.push((now - before) / (count - loaded) / BYTES_PER_KB);
      sessions.push([count, perSession.at(-1) ?? 0]);
      before = now;
      loaded = count;
    }

    const swarm = await workplace.role('swarm');
    const clients: [number, number][] = [];
    let joined = 0;
    const perClient: number[] = [];
    for (const count of workplace.pick([10, 100, 1_000], [2, 4])) {
      await swarm.call(
        'join',
        { kind: 'hearth', url: server.url, token: TOKEN, sessionIds: ids.slice(0, 1_000) },
        count - joined,
      );
      const now = held(await inspector.memory());
      perClient.push((now - before) / (count - joined) / BYTES_PER_KB);
      clients.push([count, perClient.at(-1) ?? 0]);
      before = now;
      joined = count;
    }
    const [sessionKb = Number.NaN] = perSession.slice(-1);
    const [clientKb = Number.NaN] = perClient.slice(-1);
    return {
      rows: [
        { name: 'the server without a session', unit: 'MB', samples: [emptyMb] },
        { name: 'each idle session', unit: 'kB', samples: [sessionKb] },
        { name: 'each connected client', unit: 'kB per client', samples: [clientKb] },
      ],
      goals: [
        atMost('without a session', emptyMb, 90, ' MB'),
        atMost('each idle session that is loaded', sessionKb, 6, ' kB'),
        atMost('each connected client', clientKb, 25, ' kB'),
      ],
      charts: [
        {
          name: 'memory',
          title: 'Memory of one more session, and of one more client',
          x: 'sessions loaded, clients connected',
          y: 'kB each',
          series: [
            { name: 'session', points: sessions },
            { name: 'client', points: clients },
          ],
          bend: 'The first ones also pay for what all share, as code that is compiled at its first use; from some hundred on each costs the same.',
        },
      ],
    };
  },
};

async function watchedServer(
  workplace: Workplace,
): Promise<{ server: HearthServer; inspector: Inspector; ids: string[] }> {
  const ids = Array.from({ length: workplace.pick(100_000, 100) }, (_, index) => `session-${index}`);
  const home = workplace.subfolder('full');
  await fill(`${home}/data`, (store) => insertSessions(store, ids, workspaceOf(workplace, 'full')));
  const server = await HearthServer.start(workplace, { name: 'full', nodeFlags: ['--inspect=127.0.0.1:0'] });
  if (server.inspectorUrl === null) throw new Error('the server opened no inspector');
  const inspector = await Inspector.open(server.inspectorUrl);
  workplace.adopt({ close: async () => inspector.close() });
  return { server, inspector, ids };
}

/** Loads sessions, as anybody who looks at one does. */
async function touch(client: HearthClient, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    await Promise.all(some.map((sessionId) => client.call('session.get', { sessionId })));
  }
}

function held({ heapUsed, external }: Memory): number {
  return heapUsed + external;
}
