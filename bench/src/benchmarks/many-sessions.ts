import { atLeast, atMost } from '../benchmark.ts';
import type { Benchmark, Goal, Row } from '../benchmark.ts';
import { HearthServer, TOKEN } from '../hearth-server.ts';
import { nowUs } from '../measure/clock.ts';
import { processCpuMs } from '../measure/machine.ts';
import { median } from '../measure/distribution.ts';
import type { Pace } from '../roles/broadcast.ts';
import type { Received } from '../roles/swarm.ts';
import { createSessions, stamps } from '../scripted-sessions.ts';
import { CLIENT_CORE, inRounds, SERVER_CORE } from '../workplace.ts';
import type { Workplace } from '../workplace.ts';

const INTERVAL_MS = 20;
const CHARS = 24;
/** The share of its time in which a stream counts as sustained: that all turns begin, and end, in one moment is another matter. */
const SUSTAINED = { from: 0.3, to: 0.9 };
const NAMES = ['Hearth', 'plain ws', 'plain ws that stores first'] as const;

type Name = (typeof NAMES)[number];

interface Run {
  /** Deltas that a client got per second while its session streamed, of those that the pace asks for. */
  share: number;
  medianMs: number;
  p99Ms: number;
  /** Share of its core that the server used. */
  core: number;
}

type Player = (pace: Pace) => Promise<Run>;

export const manySessions: Benchmark = {
  name: 'many-sessions',
  title: 'Many sessions at once',
  about:
    'So many sessions of the scripted agent stream 50 deltas a second each, and each has a client of its own. The server has one core, all clients another. All turns begin, and end, in one moment; ages are those of deltas that were due between 30 and 90 % of the time that the streams take. Plain `ws` makes the same streams and stores nothing, or, as a floor with the same promise, each event first (SQLite, WAL, synchronous=FULL, all events of one turn of the event loop in one transaction).',
  async run(workplace) {
    const counts = workplace.pick([10, 100, 1_000], [2]);
    const pace: Pace = { count: workplace.pick(500, 10), intervalMs: INTERVAL_MS, chars: CHARS };
    const points = { age: perName((): [number, number][] => []), core: perName((): [number, number][] => []) };
    let runs = perName((): Run[] => []);
    for (const count of counts) {
      workplace.say(`${count} sessions at once`);
      const players = {
        Hearth: await hearthPlayer(workplace, count),
        'plain ws': await plainPlayer(workplace, count, false),
        'plain ws that stores first': await plainPlayer(workplace, count, true),
      };
      runs = perName(() => []);
      await inRounds(
        workplace.pick(3, 1),
        NAMES.map((name) => async (round) => {
          const run = await players[name](pace);
          if (round >= 0) runs[name].push(run);
        }),
      );
      for (const name of NAMES) {
        points.age[name].push([count, median(runs[name].map((run) => run.p99Ms))]);
        points.core[name].push([count, median(runs[name].map((run) => run.core)) * 100]);
      }
    }
    const most = counts.at(-1) ?? 0;
    return {
      rows: NAMES.flatMap((name) => rowsOf(name, runs[name], most)),
      goals: goalsOf(runs, most),
      charts: [
        {
          name: 'many-sessions-age',
          title: 'How old a delta is, by the number of streaming sessions',
          x: 'sessions at 50 deltas/s',
          y: '99th percentile, ms',
          series: NAMES.map((name) => ({ name, points: points.age[name] })),
          bend: 'A delta that comes alone is committed at once, or after a rest as long as the last commit; from some hundred sessions on a commit takes as long as the work that gathers meanwhile, and the age is that of one round of commit and writes.',
        },
        {
          name: 'many-sessions-core',
          title: 'What that costs the server',
          x: 'sessions at 50 deltas/s',
          y: '% of one core',
          series: NAMES.map((name) => ({ name, points: points.core[name] })),
          bend: 'Up to 128 sessions share a commit, so the cost of one session falls as more stream, until the core is full.',
        },
      ],
    };
  },
};

function perName<Value>(make: () => Value): Record<Name, Value> {
  return { Hearth: make(), 'plain ws': make(), 'plain ws that stores first': make() };
}

function rowsOf(name: Name, runs: readonly Run[], most: number): Row[] {
  return [
    {
      name: `${name}, of the rate asked for, ${most} sessions`,
      unit: '%',
      samples: runs.map((run) => run.share * 100),
    },
    {
      name: `${name}, age with ${most} sessions`,
      unit: 'ms old',
      samples: runs.map((run) => run.medianMs),
      p99: median(runs.map((run) => run.p99Ms)),
    },
    { name: `${name}, of its core with ${most} sessions`, unit: '%', samples: runs.map((run) => run.core * 100) },
  ];
}

function goalsOf(runs: Record<Name, Run[]>, most: number): Goal[] {
  const share = (name: Name): number => median(runs[name].map((run) => run.share));
  const p99 = (name: Name): number => median(runs[name].map((run) => run.p99Ms));
  return [
    atLeast(`${most} sessions: of the rate of plain ws`, share('Hearth') / share('plain ws'), 0.95),
    atMost(`${most} sessions: 99th percentile of the age`, p99('Hearth'), 50, ' ms'),
  ];
}

async function hearthPlayer(workplace: Workplace, count: number): Promise<Player> {
  const server = await HearthServer.start(workplace, { name: `hearth-${count}`, core: SERVER_CORE });
  const client = await server.client();
  const sessionIds = await createSessions(client, 'scripted', count);
  const swarm = await workplace.role('swarm', { core: CLIENT_CORE });
  await swarm.call('join', { kind: 'hearth', url: server.url, token: TOKEN, sessionIds }, count);
  return player(swarm, server.pid, (pace) =>
    Promise.all(sessionIds.map((sessionId) => client.call('message.send', { sessionId, content: stamps(pace) }))),
  );
}

async function plainPlayer(workplace: Workplace, count: number, stores: boolean): Promise<Player> {
  const server = await workplace.role('plain-ws', { core: SERVER_CORE });
  const file = stores ? [`${workplace.subfolder(`plain-ws-${count}`)}/events.db`] : [];
  const url = await server.call<string>('listen', ...file);
  const swarm = await workplace.role('swarm', { core: CLIENT_CORE });
  await swarm.call('join', { kind: 'plain-ws', url }, count);
  return player(swarm, server.pid, (pace) => server.call('toEach', pace));
}

function player(
  swarm: { call<Result>(method: string, ...args: unknown[]): Promise<Result> },
  pid: number,
  begin: (pace: Pace) => Promise<unknown>,
): Player {
  return async (pace) => {
    const durationUs = pace.count * pace.intervalMs * 1000;
    const began = nowUs();
    await swarm.call('reset', { fromUs: began + SUSTAINED.from * durationUs, toUs: began + SUSTAINED.to * durationUs });
    const cpu = processCpuMs(pid);
    const begun = begin(pace);
    const received = await swarm.call<Received>('received', pace.count);
    await begun;
    const durationMs = (received.lastAtUs - began) / 1000;
    const share = (received.rate * pace.intervalMs) / 1000;
    return { share, medianMs: received.medianMs, p99Ms: received.p99Ms, core: (processCpuMs(pid) - cpu) / durationMs };
  };
}
