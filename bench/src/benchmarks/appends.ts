import { atLeast } from '../benchmark.ts';
import type { Benchmark } from '../benchmark.ts';
import { median } from '../measure/distribution.ts';
import type { Load } from '../roles/append-load.ts';
import { inRounds, SERVER_CORE } from '../workplace.ts';

const CHARS = 200;
const EVENTS_AT_ONCE = 10;

export const appends: Benchmark = {
  name: 'appends',
  title: 'Durable appends',
  about:
    'Sessions append ten events of 200 characters each, wait until they are stored on disk (SQLite, WAL, synchronous=FULL), and append again; through the event log with its group commit. The floor encodes the same events and inserts them into a table with the same key, in one transaction per round of all sessions. One core.',
  async run(workplace) {
    const role = await workplace.role('appends', { core: SERVER_CORE });
    const folder = workplace.subfolder('appends');
    const measure = async (sessions: number, rounds: number): Promise<{ hearth: number[]; plain: number[] }> => {
      const found = { hearth: [] as number[], plain: [] as number[] };
      const total = workplace.pick(60_000, 200);
      const perRound = sessions * EVENTS_AT_ONCE;
      const load: Load = {
        sessions,
        appends: Math.min(1_000, Math.max(1, Math.round(total / perRound))),
        eventsAtOnce: EVENTS_AT_ONCE,
        chars: CHARS,
      };
      await inRounds(rounds, [
        async (round) => {
          const rate = await role.call<number>('throughLog', folder, load);
          if (round >= 0) found.hearth.push(rate);
        },
        async (round) => {
          const rate = await role.call<number>('plain', folder, load);
          if (round >= 0) found.plain.push(rate);
        },
      ]);
      return found;
    };
    const sessions = workplace.pick(100, 5);
    const found = await measure(sessions, workplace.pick(5, 1));
    const series = { hearth: [] as [number, number][], plain: [] as [number, number][] };
    for (const count of workplace.pick([1, 10, 100, 1_000], [1, 5])) {
      const some = await measure(count, workplace.pick(3, 1));
      series.hearth.push([count, median(some.hearth)]);
      series.plain.push([count, median(some.plain)]);
    }
    return {
      rows: [
        { name: 'Hearth', unit: 'events/s', samples: found.hearth },
        { name: 'plain batched insert', unit: 'events/s', samples: found.plain },
      ],
      goals: [
        atLeast(`${sessions} sessions`, median(found.hearth), 50_000, ' events/s'),
        atLeast('of a plain batched insert', median(found.hearth) / median(found.plain), 0.8),
      ],
      charts: [
        {
          name: 'appends',
          title: 'Durable appends by the number of sessions that append',
          x: 'sessions at once',
          y: 'events/s',
          series: [
            { name: 'Hearth', points: series.hearth },
            { name: 'plain batched insert', points: series.plain },
          ],
          bend: 'A commit costs the disk the same whatever is in it: up to some ten sessions throughput grows with what shares it. Beyond that the core is full with encoding and inserting.',
        },
      ],
    };
  },
};
