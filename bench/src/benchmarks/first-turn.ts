import { startMessagesApi } from '@hearth/testkit';
import { ANSWER_BEGINS, TURN_IS_OVER } from '../wire/hearth-client.ts';
import { atMost } from '../benchmark.ts';
import type { Benchmark } from '../benchmark.ts';
import { environment, HearthServer } from '../hearth-server.ts';
import { until } from '../measure/clock.ts';
import { median } from '../measure/distribution.ts';
import type { TurnTimes } from '../roles/raw-sdk.ts';
import { inRounds } from '../workplace.ts';

/** Deltas that come with the end of their block are left out; these come before it. */
const PROMPT = '[[tokens 4 10]]';

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
    const samples = { spare: [] as number[], cold: [] as number[], raw: [] as number[], claimed: [] as number[] };
    await inRounds(workplace.pick(10, 1), [
      async (round) => {
        await until('a spare is ready', async () => (await withSpare.metric('hearth_agent_spares')) > 0);
        const ms = await firstDelta(withSpare);
        if (round >= 0) samples.spare.push(ms);
      },
      async (round) => {
        const ms = await firstDelta(without);
        if (round >= 0) samples.cold.push(ms);
      },
      async (round) => {
        const { firstMs } = await raw.call<TurnTimes>('once', cwd, PROMPT);
        if (round >= 0) samples.raw.push(firstMs);
      },
      async (round) => {
        await raw.call('prepare', cwd);
        const { firstMs } = await raw.call<TurnTimes>('claimed', cwd, PROMPT);
        if (round >= 0) samples.claimed.push(firstMs);
      },
    ]);
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
    };
  },
};

async function firstDelta(server: HearthServer): Promise<number> {
  const client = await server.client();
  const delta = client.next(...ANSWER_BEGINS);
  const over = client.next(TURN_IS_OVER);
  const began = performance.now();
  const { id } = await client.call<{ id: string }>('session.create', { agent: 'claude' });
  void client.call('session.subscribe', { sessionId: id });
  void client.call('message.send', { sessionId: id, content: PROMPT });
  await delta;
  const ms = performance.now() - began;
  await over;
  await client.call('session.delete', { sessionId: id });
  client.close();
  return ms;
}
