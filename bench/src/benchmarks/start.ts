import { atMost } from '../benchmark.ts';
import type { Benchmark } from '../benchmark.ts';
import { fill, insertSessions } from '../fixtures.ts';
import { HearthServer, workspaceOf } from '../hearth-server.ts';
import { median } from '../measure/distribution.ts';
import { inRounds } from '../workplace.ts';
import { emptyNode } from './empty-node.ts';

export const start: Benchmark = {
  name: 'start',
  title: 'From the command to a server that listens',
  about:
    'The built program, `hearth serve`, on a database with so many sessions, until it says that it listens. Beside it a Node process that does nothing.',
  async run(workplace) {
    const sizes = workplace.pick([1_000, 10_000, 100_000], [10, 20]);
    for (const size of sizes) {
      const home = workplace.subfolder(`hearth-${size}`);
      const ids = Array.from({ length: size }, (_, index) => `session-${index}`);
      await fill(`${home}/data`, (store) => insertSessions(store, ids, workspaceOf(workplace, `hearth-${size}`)));
    }
    const samples = new Map<number, number[]>(sizes.map((size) => [size, []]));
    const nodes: number[] = [];
    await inRounds(workplace.pick(9, 1), [
      ...sizes.map((size) => async (round: number) => {
        const server = await HearthServer.start(workplace, { name: `hearth-${size}` });
        await server.close();
        if (round >= 0) samples.get(size)?.push(server.startMs);
      }),
      async (round) => {
        const ms = await emptyNode();
        if (round >= 0) nodes.push(ms);
      },
    ]);
    const most = sizes.at(-1) ?? 0;
    return {
      rows: [
        ...sizes.toReversed().map((size) => ({
          name: `Hearth with ${size.toLocaleString('en')} sessions`,
          unit: 'ms',
          samples: samples.get(size) ?? [],
        })),
        { name: 'a Node process that does nothing', unit: 'ms', samples: nodes },
      ],
      goals: [atMost(`ready with ${most.toLocaleString('en')} sessions`, median(samples.get(most) ?? []), 400, ' ms')],
      charts: [
        {
          name: 'start',
          title: 'Start by the number of stored sessions',
          x: 'sessions in the database',
          y: 'ms',
          series: [{ name: 'Hearth', points: sizes.map((size) => [size, median(samples.get(size) ?? [])]) }],
          bend: 'A start reads only the sessions that were not at rest, by an index, so the number of others hardly counts. A database of less than 64 MB is also checked as a whole.',
        },
      ],
    };
  },
};
