import { startMessagesApi } from '@hearth/testkit';
import { ANSWER_BEGINS, TURN_IS_OVER } from '../wire/hearth-client.ts';
import { atMost } from '../benchmark.ts';
import type { Benchmark } from '../benchmark.ts';
import { environment, HearthServer } from '../hearth-server.ts';
import { until } from '../measure/clock.ts';
import { median } from '../measure/distribution.ts';
import type { TurnTimes } from '../roles/raw-sdk.ts';
import type { Chart } from '../report/chart.ts';
import { inRounds } from '../workplace.ts';

/** Deltas that come with the end of their block are left out; these come before it. */
const PROMPT = '[[tokens 4 10]]';

type Samples = Record<'spare' | 'cold' | 'raw' | 'claimed', number[]>;

export const firstTurn: Benchmark = {
  name: 'first-turn',
  title: 'The first turn of a new session',
  about:
    'From asking for a new session to the first delta of its first answer: with a spare process ready, without one, and for a raw query from its call on, and from the claim of a process that was started before (`prewarm`). A session is deleted before the next is made.',
  async run(workplace) {
    const api = workplace.adopt(await startMessagesApi());
    const home = workplace.subfolder('raw');
    const raw = await workplace.role('raw-sdk', { env: environment(workplace, home, api.url) });
    const cwd = workplace.subfolder('raw/workspace');
    const withSpare = await HearthServer.start(workplace, { name: 'spare', apiUrl: api.url, flags: ['--spares', '1'] });
    const without = await HearthServer.start(workplace, { name: 'cold', apiUrl: api.url });
    const measure = async (rounds: number, prompt: string): Promise<Samples> => {
      const samples: Samples = { spare: [], cold: [], raw: [], claimed: [] };
      await inRounds(rounds, [
        async (round) => {
          await until('a spare is ready', async () => (await withSpare.metric('hearth_agent_spares')) > 0);
          const ms = await firstDelta(withSpare, prompt);
          if (round >= 0) samples.spare.push(ms);
        },
        async (round) => {
          const ms = await firstDelta(without, prompt);
          if (round >= 0) samples.cold.push(ms);
        },
        async (round) => {
          const { firstMs } = await raw.call<TurnTimes>('once', cwd, prompt);
          if (round >= 0) samples.raw.push(firstMs);
        },
        async (round) => {
          await raw.call('prepare', cwd);
          const { firstMs } = await raw.call<TurnTimes>('claimed', cwd, prompt);
          if (round >= 0) samples.claimed.push(firstMs);
        },
      ]);
      return samples;
    };
    const samples = await measure(workplace.pick(10, 1), PROMPT);
    const grown: [number, Samples][] = [];
    for (const chars of workplace.pick([1_000, 10_000, 100_000], [100])) {
      grown.push([chars, await measure(workplace.pick(3, 1), `${PROMPT} ${'x'.repeat(chars)}`)]);
    }
    return {
      rows: [
        { name: 'Hearth with a spare', unit: 'ms', samples: samples.spare },
        { name: 'Hearth without', unit: 'ms', samples: samples.cold },
        { name: 'raw SDK', unit: 'ms', samples: samples.raw },
        { name: 'raw SDK with a process that is up', unit: 'ms', samples: samples.claimed },
      ],
      goals: [
        atMost('with a spare, of the raw SDK’s cold query', median(samples.spare) / median(samples.raw), 0.4),
        atMost('with a spare, over the raw SDK’s', median(samples.spare) - median(samples.claimed), 20, ' ms'),
      ],
      charts: [byLength(grown)],
    };
  },
};

function byLength(grown: readonly [number, Samples][]): Chart {
  const points = (name: keyof Samples) =>
    grown.map(([chars, samples]): [number, number] => [chars, median(samples[name])]);
  return {
    name: 'first-turn',
    title: 'A first turn by the length of its message',
    x: 'characters of the message',
    y: 'ms to the first delta',
    series: [
      { name: 'Hearth with a spare', points: points('spare') },
      { name: 'Hearth without', points: points('cold') },
      { name: 'raw SDK', points: points('raw') },
      { name: 'raw SDK with a process that is up', points: points('claimed') },
    ],
    bend: 'No line bends: what takes the time is the process, its start or its claim. What a message a hundred times as long adds is less than what the three samples of a point differ by.',
  };
}

async function firstDelta(server: HearthServer, prompt: string): Promise<number> {
  const client = await server.client();
  const delta = client.next(...ANSWER_BEGINS);
  const over = client.next(TURN_IS_OVER);
  const began = performance.now();
  const { id } = await client.call<{ id: string }>('session.create', { agent: 'claude' });
  void client.call('session.subscribe', { sessionId: id });
  void client.call('message.send', { sessionId: id, content: prompt });
  await delta;
  const ms = performance.now() - began;
  await over;
  await client.call('session.delete', { sessionId: id });
  client.close();
  return ms;
}
