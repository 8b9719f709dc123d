import { startMessagesApi } from '@hearth/testkit';
import { ANSWER_BEGINS, TURN_IS_OVER } from '../wire/hearth-client.ts';
import { atMost } from '../benchmark.ts';
import type { Benchmark } from '../benchmark.ts';
import { environment, HearthServer } from '../hearth-server.ts';
import { until } from '../measure/clock.ts';
import { median } from '../measure/distribution.ts';
import type { TurnTimes } from '../roles/raw-sdk.ts';
import type { Chart } from '../report/chart.ts';
import { createSessions } from '../scripted-sessions.ts';
import type { HearthClient } from '../wire/hearth-client.ts';
import { inRounds } from '../workplace.ts';

/** Deltas that come with the end of their block are left out; these come before it. */
const PROMPT = '[[tokens 4 10]]';

export const resume: Benchmark = {
  name: 'resume',
  title: 'A session that lost its process',
  about:
    'From sending a message to the first delta: a session of Hearth whose process was evicted, and a raw query that resumes its conversation from the local files.',
  async run(workplace) {
    const rounds = workplace.pick(10, 1);
    const api = workplace.adopt(await startMessagesApi());
    const env = environment(workplace, workplace.subfolder('raw'), api.url);
    const raw = await workplace.role('raw-sdk', { env });
    const cwd = workplace.subfolder('raw/workspace');
    const { agentSessionId } = await raw.call<TurnTimes>('once', cwd, PROMPT);
    const flags = ['--idle-timeout-ms', '1s', '--max-processes', '4'];
    const server = await HearthServer.start(workplace, { name: 'hearth', apiUrl: api.url, flags });
    const client = await server.client();
    const sessions = await createSessions(client, 'claude', rounds + 1);
    for (const sessionId of sessions) {
      await client.call('session.subscribe', { sessionId, after: -1 });
      await turn(client, sessionId);
    }
    const allEvicted = (): Promise<void> =>
      until('every session has lost its process', async () => (await server.metric('hearth_agent_processes')) === 0);
    await allEvicted();
    const samples = { hearth: [] as number[], raw: [] as number[] };
    await inRounds(rounds, [
      async (round) => {
        const ms = await turn(client, sessions[round + 1] ?? '');
        if (round >= 0) samples.hearth.push(ms);
      },
      async (round) => {
        const { firstMs } = await raw.call<TurnTimes>('once', cwd, PROMPT, agentSessionId);
        if (round >= 0) samples.raw.push(firstMs);
      },
    ]);
    /** Of a conversation of so many turns, which gets one more with each round. */
    const measure = async (turns: number, times: number): Promise<Record<'hearth' | 'raw', number[]>> => {
      const [sessionId = ''] = await createSessions(client, 'claude', 1);
      await client.call('session.subscribe', { sessionId, after: -1 });
      for (let n = 0; n < turns; n += 1) await turn(client, sessionId);
      let conversation = await raw.call<TurnTimes>('open', cwd, PROMPT);
      for (let n = 1; n < turns; n += 1) conversation = await raw.call<TurnTimes>('turn', PROMPT);
      await raw.call('close');
      const found = { hearth: [] as number[], raw: [] as number[] };
      await inRounds(times, [
        async (round) => {
          await allEvicted();
          const ms = await turn(client, sessionId);
          if (round >= 0) found.hearth.push(ms);
        },
        async (round) => {
          const { firstMs } = await raw.call<TurnTimes>('once', cwd, PROMPT, conversation.agentSessionId);
          if (round >= 0) found.raw.push(firstMs);
        },
      ]);
      return found;
    };
    const grown: [number, Record<'hearth' | 'raw', number[]>][] = [];
    for (const turns of workplace.pick([1, 10, 100], [2])) {
      grown.push([turns, await measure(turns, workplace.pick(3, 1))]);
    }
    return {
      rows: [
        { name: 'Hearth', unit: 'ms', samples: samples.hearth },
        { name: 'raw SDK', unit: 'ms', samples: samples.raw },
      ],
      goals: [atMost('over the raw SDK, median', median(samples.hearth) - median(samples.raw), 50, ' ms')],
      charts: [byLength(grown)],
    };
  },
};

function byLength(grown: readonly [number, Record<'hearth' | 'raw', number[]>][]): Chart {
  return {
    name: 'resume',
    title: 'A resume by the length of the conversation',
    x: 'turns before it',
    y: 'ms to the first delta',
    series: [
      { name: 'Hearth', points: grown.map(([turns, { hearth }]) => [turns, median(hearth)]) },
      { name: 'raw SDK', points: grown.map(([turns, { raw }]) => [turns, median(raw)]) },
    ],
    bend: 'Neither bends up to a hundred turns. The binary reads the whole conversation and sends it to the model; what a hundred short turns add is little more than what the three samples of a point differ by.',
  };
}

async function turn(client: HearthClient, sessionId: string): Promise<number> {
  const over = client.next(TURN_IS_OVER);
  const delta = client.next(...ANSWER_BEGINS);
  const began = performance.now();
  void client.call('message.send', { sessionId, content: PROMPT });
  await delta;
  const ms = performance.now() - began;
  await over;
  return ms;
}
