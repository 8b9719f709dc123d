import { startPostgres } from '@hearth/testkit';
import { atLeast } from '../benchmark.ts';
import type { Benchmark, Goal, Row } from '../benchmark.ts';
import { median } from '../measure/distribution.ts';
import type { Load } from '../roles/append-load.ts';
import { inRounds } from '../workplace.ts';

const CHARS = 200;
const EVENTS_AT_ONCE = 10;
/** Rounds, of some thousand commits each, until both are compiled. */
const WARM_UP = 3;

export const postgres: Benchmark = {
  name: 'postgres',
  title: 'Appends and catch-up on PostgreSQL',
  about:
    'As “Durable appends”, over PostgreSQL with fsync on, beside the program on the same machine; the floor inserts the same events by one prepared statement with unnest per round of all sessions. One session appends 3,000 times, and three rounds go by before it counts: until its code is compiled each commit takes up to half as long again. Then the log of one session of 10,000 events is read in pages of 1,000, through the store and plainly.',
  async run(workplace) {
    const server = workplace.adopt(await startPostgres({ fsync: true, settings: { shared_buffers: '512MB' } }));
    const role = await workplace.role('postgres', {});
    let schemas = 0;
    const rows: Row[] = [];
    const goals: Goal[] = [];
    const series = { hearth: [] as [number, number][], plain: [] as [number, number][] };
    const compare = async (
      what: string,
      hearth: () => Promise<number>,
      plain: () => Promise<number>,
    ): Promise<[number, number]> => {
      const found = { hearth: [] as number[], plain: [] as number[] };
      await inRounds(
        workplace.pick(5, 1),
        [
          async (round) => {
            const rate = await hearth();
            if (round >= 0) found.hearth.push(rate);
          },
          async (round) => {
            const rate = await plain();
            if (round >= 0) found.plain.push(rate);
          },
        ],
        workplace.pick(WARM_UP, 0),
      );
      rows.push({ name: `Hearth, ${what}`, unit: 'events/s', samples: found.hearth });
      rows.push({ name: `plain pg, ${what}`, unit: 'events/s', samples: found.plain });
      const medians: [number, number] = [median(found.hearth), median(found.plain)];
      goals.push(atLeast(`${what}, of plain pg`, medians[0] / medians[1], 0.8));
      return medians;
    };
    const fresh = (): string => {
      schemas += 1;
      return `s${schemas}`;
    };
    for (const sessions of workplace.pick([1, 100, 1_000], [2])) {
      workplace.say(`${sessions} sessions`);
      const total = workplace.pick(sessions === 1 ? 30_000 : 60_000, 200);
      const appends = Math.max(1, Math.round(total / (sessions * EVENTS_AT_ONCE)));
      const load: Load = { sessions, appends, eventsAtOnce: EVENTS_AT_ONCE, chars: CHARS };
      const [hearth, plain] = await compare(
        `appends of ${sessions} sessions`,
        () => role.call('throughLog', `${server.url}?schema=${fresh()}`, load),
        () => role.call('plain', server.url, fresh(), load),
      );
      series.hearth.push([sessions, hearth]);
      series.plain.push([sessions, plain]);
    }
    const load: Load = {
      sessions: 1,
      appends: workplace.pick(100, 2),
      eventsAtOnce: workplace.pick(100, 10),
      chars: CHARS,
    };
    const [own, plainly] = [`${server.url}?schema=${fresh()}`, fresh()];
    await role.call('throughLog', own, load);
    await role.call('plain', server.url, plainly, load);
    await compare(
      'catch-up',
      () => role.call('readBack', own),
      () => role.call('plainReadBack', server.url, plainly),
    );
    return {
      rows,
      goals,
      charts: [
        {
          name: 'postgres',
          title: 'Durable appends on PostgreSQL by the number of sessions that append',
          x: 'sessions at once',
          y: 'events/s',
          series: [
            { name: 'Hearth', points: series.hearth },
            { name: 'plain pg', points: series.plain },
          ],
          bend: 'One session waits for its own commit each time: a round trip and a sync of the disk. What shares a commit shares both, until the statement itself is what takes the time.',
        },
      ],
    };
  },
};
