import { startPostgres } from '@hearth/testkit';
import { atMost } from '../benchmark.ts';
import type { Benchmark, Goal, Row } from '../benchmark.ts';
import { median } from '../measure/distribution.ts';
import type { Size, Times } from '../roles/large-database.ts';
import { inRounds } from '../workplace.ts';

/** What is measured, and whether it may cost no more in a large database. */
const WHAT: Record<keyof Times, { name: string; stays: boolean }> = {
  commitOne: { name: 'commit of 1 session, 3 events', stays: true },
  commitTwenty: { name: 'commit of 20 sessions, 60 events', stays: true },
  endOfLong: { name: 'the last 1,000 events of the long session', stays: true },
  newest: { name: 'the last 100 events of a session', stays: false },
  scattered: { name: 'the last 1,000 events of a session', stays: false },
  list: { name: 'list of 20 sessions', stays: true },
  usageOfDay: { name: 'usage of a day, 274 turns', stays: true },
  usageOfYear: { name: 'usage by day of all turns', stays: false },
};

export const largeDatabase: Benchmark = {
  name: 'large-database',
  title: 'A large PostgreSQL database',
  about:
    'The same work on a database of 30 thousand events and on one of 10 million, side by side on one PostgreSQL with fsync on and 512 MB of shared buffers. Sessions have 1,000 events, those of all mixed on disk, each event of a session on a page of its own; one session has a tenth of all events or a third, and those lie together. A turn for each 100 events, as many a day in both.',
  async run(workplace) {
    const server = workplace.adopt(
      await startPostgres({ fsync: true, settings: { shared_buffers: '512MB', max_wal_size: '4GB' } }),
    );
    const sizes: { name: string; size: Size }[] = workplace.pick(
      [
        { name: '30 thousand', size: { sessions: 20, eventsEach: 1_000, long: 10_000 } },
        { name: '10 million', size: { sessions: 9_000, eventsEach: 1_000, long: 1_000_000 } },
      ],
      [
        { name: 'small', size: { sessions: 20, eventsEach: 10, long: 100 } },
        { name: 'large', size: { sessions: 40, eventsEach: 100, long: 1_000 } },
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
        rows.push({ name: `${WHAT[key].name}, ${name}`, unit: 'ms', samples: all.map((times) => times[key]) });
      }
      const [before, after] = [small, large].map((all) => median(all.map((times) => times[key])));
      if (WHAT[key].stays)
        goals.push(atMost(`${WHAT[key].name}, of that with few events`, (after ?? 0) / (before ?? 1), 1.5));
    }
    return { rows, goals };
  },
};
