import { atLeast, atMost } from '../benchmark.ts';
import type { Benchmark } from '../benchmark.ts';
import { HearthServer, TOKEN } from '../hearth-server.ts';
import { delay, nowUs } from '../measure/clock.ts';
import { processCpuMs } from '../measure/machine.ts';
import { median } from '../measure/distribution.ts';
import type { Pace } from '../roles/broadcast.ts';
import type { Received } from '../roles/swarm.ts';
import { createSessions, stamps } from '../scripted-sessions.ts';
import { CLIENT_CORE, inRounds, SERVER_CORE } from '../workplace.ts';
import type { Workplace } from '../workplace.ts';

const INTERVAL_MS = 20;
const CHARS = 24;
/** The share of its time after which a stream counts as sustained: all turns begin in one moment, which is another matter. */
const BEGINNING = 0.3;

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
    'So many sessions of the scripted agent stream 50 deltas a second each, and each has a client of its own. The server has one core, all clients another. All turns begin in one moment; ages count from the time on at which 30 % of each stream should be there. Plain `ws` makes the same streams and stores nothing.',
  async run(workplace) {
    const counts = workplace.pick([10, 100, 1_000], [2]);
    const pace: Pace = { count: workplace.pick(500, 10), intervalMs: INTERVAL_MS, chars: CHARS };
    const ages: Record<'hearth' | 'plain', [number, number][]> = { hearth: [], plain: [] };
    const cores: Record<'hearth' | 'plain', [number, number][]> = { hearth: [], plain: [] };
    let largest: Record<'hearth' | 'plain', Run[]> = { hearth: [], plain: [] };
    for (const count of counts) {
      workplace.say(`${count} sessions at once`);
      const players = { hearth: await hearthPlayer(workplace, count), plain: await plainPlayer(workplace, count) };
      largest = { hearth: [], plain: [] };
      await inRounds(
        workplace.pick(3, 1),
        (['hearth', 'plain'] as const).map((name) => async (round) => {
          const run = await players[name](pace);
          if (round >= 0) largest[name].push(run);
        }),
      );
      for (const name of ['hearth', 'plain'] as const) {
        ages[name].push([count, median(largest[name].map((run) => run.p99Ms))]);
        cores[name].push([count, median(largest[name].map((run) => run.core)) * 100]);
      }
    }
    const most = counts.at(-1) ?? 0;
    const { hearth, plain } = largest;
    return {
      rows: [
        {
          name: `Hearth, of the rate asked for, ${most} sessions`,
          unit: '%',
          samples: hearth.map((run) => run.share * 100),
        },
        {
          name: `plain ws, of the rate asked for, ${most} sessions`,
          unit: '%',
          samples: plain.map((run) => run.share * 100),
        },
        {
          name: `Hearth, age with ${most} sessions`,
          unit: 'ms old',
          samples: hearth.map((run) => run.medianMs),
          p99: median(hearth.map((run) => run.p99Ms)),
        },
        {
          name: `plain ws, age with ${most} sessions`,
          unit: 'ms old',
          samples: plain.map((run) => run.medianMs),
          p99: median(plain.map((run) => run.p99Ms)),
        },
        { name: `Hearth, of its core with ${most} sessions`, unit: '%', samples: hearth.map((run) => run.core * 100) },
        { name: `plain ws, of its core with ${most} sessions`, unit: '%', samples: plain.map((run) => run.core * 100) },
      ],
      goals: [
        atLeast(
          `${most} sessions: of the rate of plain ws`,
          median(hearth.map((run) => run.share)) / median(plain.map((run) => run.share)),
          0.95,
        ),
        atMost(`${most} sessions: 99th percentile of the age`, median(hearth.map((run) => run.p99Ms)), 50, ' ms'),
      ],
      charts: [
        {
          name: 'many-sessions-age',
          title: 'How old a delta is, by the number of streaming sessions',
          x: 'sessions at 50 deltas/s',
          y: '99th percentile, ms',
          series: [
            { name: 'Hearth', points: ages.hearth },
            { name: 'plain ws', points: ages.plain },
          ],
          bend: 'A delta that comes alone is committed at once, or after a rest as long as the last commit; from some hundred sessions on a commit takes as long as the work that gathers meanwhile, and the age is that of one round of commit and writes.',
        },
        {
          name: 'many-sessions-core',
          title: 'What that costs the server',
          x: 'sessions at 50 deltas/s',
          y: '% of one core',
          series: [
            { name: 'Hearth', points: cores.hearth },
            { name: 'plain ws', points: cores.plain },
          ],
          bend: 'Commits are shared by all sessions, so the cost of one session falls as more stream, until the core is full.',
        },
      ],
    };
  },
};

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

async function plainPlayer(workplace: Workplace, count: number): Promise<Player> {
  const server = await workplace.role('plain-ws', { core: SERVER_CORE });
  const url = await server.call<string>('listen');
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
    await swarm.call('reset');
    const cpu = processCpuMs(pid);
    const began = nowUs();
    const begun = begin(pace);
    await delay(pace.count * pace.intervalMs * BEGINNING);
    await swarm.call('forgetAges');
    const received = await swarm.call<Received>('received', pace.count);
    await begun;
    const durationMs = (received.lastAtUs - began) / 1000;
    const share = (received.rate * pace.intervalMs) / 1000;
    return { share, medianMs: received.medianMs, p99Ms: received.p99Ms, core: (processCpuMs(pid) - cpu) / durationMs };
  };
}
