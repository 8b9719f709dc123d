import { startPostgres } from '@hearth/testkit';
import { atMost } from '../benchmark.ts';
import type { Benchmark, Goal, Row } from '../benchmark.ts';
import { median } from '../measure/distribution.ts';
import type { Size, Times } from '../roles/large-database.ts';
import { inRounds } from '../workplace.ts';

const WHAT: Record<keyof Times, string> = {
  commitOne: 'commit of 1 session, 3 events',
  commitTwenty: 'commit of 20 sessions, 60 events',
  catchUp: 'the last 1,000 events of a session',
  list: 'list of 50 sessions',
  usageOfWeek: 'usage by day of a week',
};

export const largeDatabase: Benchmark = {
  name: 'large-database',
  title: 'A large PostgreSQL database',
  about:
    'The same work on a database of 20 thousand events and on one of 10 million, side by side on one PostgreSQL with fsync on and 512 MB of shared buffers: 1,000 events per session, those of all sessions mixed on disk; a turn for each 100 events, over a year.',
  async run(workplace) {
    const server = workplace.adopt(
      await startPostgres({ fsync: true, settings: { shared_buffers: '512MB', max_wal_size: '4GB' } }),
    );
    const sizes: { name: string; size: Size }[] = workplace.pick(
      [
        { name: '20 thousand', size: { events: 20_000, sessions: 20 } },
        { name: '10 million', size: { events: 10_000_000, sessions: 10_000 } },
      ],
      [
        { name: 'small', size: { events: 200, sessions: 20 } },
        { name: 'large', size: { events: 4_000, sessions: 40 } },
      ],
    );
    const found = new Map<string, Times[]>();
    const players: ((round: number) => Promise<void>)[] = [];
    for (const [index, { name, size }] of sizes.entries()) {
      workplace.say(`filling it with ${name} events`);
      const role = await workplace.role('large-database', {});
      await role.call('fill', server.url, `size${index}`, size);
      const all: Times[] = [];
      found.set(name, all);
      players.push(async (round) => {
        const times = await role.call<Times>('probe');
        if (round >= 0) all.push(times);
      });
    }
    await inRounds(workplace.pick(5, 1), players);
    const [small = [], large = []] = [...found.values()];
    const rows: Row[] = [];
    const goals: Goal[] = [];
    for (const key of Object.keys(WHAT) as (keyof Times)[]) {
      for (const [name, all] of found) {
        rows.push({ name: `${WHAT[key]}, ${name}`, unit: 'ms', samples: all.map((times) => times[key]) });
      }
      const [before, after] = [small, large].map((all) => median(all.map((times) => times[key])));
      goals.push(atMost(`${WHAT[key]}, of that with few events`, (after ?? 0) / (before ?? 1), 1.5));
    }
    return { rows, goals };
  },
};
