import { startMessagesApi } from '@hearth/testkit';
import type { MessagesApi } from '@hearth/testkit';
import { ANSWER_BEGINS, TURN_IS_OVER } from '../wire/hearth-client.ts';
import { atMost } from '../benchmark.ts';
import type { Benchmark, Outcome } from '../benchmark.ts';
import { environment, HearthServer } from '../hearth-server.ts';
import { Distribution, median } from '../measure/distribution.ts';
import type { Chart } from '../report/chart.ts';
import type { TurnTimes } from '../roles/raw-sdk.ts';
import { SdkServer } from '../sdk-server.ts';
import { inRounds } from '../workplace.ts';
import type { Workplace } from '../workplace.ts';

/** Deltas that come with the end of their block are left out; these come before it. */
const PROMPT = '[[tokens 4 10]]';
/** A query per message takes so much longer that some of them tell enough. */
const NAIVE_EVERY = 20;
/** So many turns make a point of the chart. */
const AROUND = 9;

export const followUp: Benchmark = {
  name: 'follow-up',
  title: 'A follow-up turn',
  about:
    'From sending a message to the first delta of its answer, over the real binary and the scripted Messages API: at a WebSocket client of Hearth, in the process that holds a raw streaming query, at a client of the floor of a server with the same promise (a raw streaming query behind plain `ws`, which stores the message before the agent has it, each delta before it is sent, and the transcript, with the options that Hearth gives), and at an HTTP client of a server that makes a query per message. All answer the same prompts one after the other, in rounds.',
  async run(workplace) {
    const api = workplace.adopt(await startMessagesApi());
    const turns = workplace.pick(300, 4);
    const hearth = await warmHearth(workplace, api);
    const raw = await warmRaw(workplace, api);
    const server = await SdkServer.start(workplace, api.url);
    const naive = await naiveServer(workplace, api);
    const samples = { hearth: [] as number[], raw: [] as number[], server: [] as number[], naive: [] as number[] };
    const keep = (list: number[], round: number, ms: number): void => {
      if (round >= 0) list.push(ms);
    };
    await inRounds(
      turns,
      [
        async (round) => keep(samples.hearth, round, await hearth()),
        async (round) => keep(samples.raw, round, await raw()),
        async (round) => keep(samples.server, round, await server.turn(PROMPT)),
        async (round) => {
          if (round % NAIVE_EVERY === 0) keep(samples.naive, round, await naive());
        },
      ],
      3,
    );
    return outcome(samples);
  },
};

function outcome(samples: Record<'hearth' | 'raw' | 'server' | 'naive', number[]>): Outcome {
  const [hearth, raw, server] = [samples.hearth, samples.raw, samples.server].map((some) => new Distribution(some)) as [
    Distribution,
    Distribution,
    Distribution,
  ];
  return {
    rows: [
      { name: 'Hearth', unit: 'ms', samples: samples.hearth },
      { name: 'raw SDK', unit: 'ms', samples: samples.raw },
      { name: 'raw SDK behind plain ws that stores first', unit: 'ms', samples: samples.server },
      { name: 'a query per message', unit: 'ms', samples: samples.naive },
    ],
    goals: [
      atMost('over the raw SDK, median', hearth.median - raw.median, 2, ' ms', server.median - raw.median),
      atMost(
        'over the raw SDK, 99th percentile',
        hearth.quantile(0.99) - raw.quantile(0.99),
        5,
        ' ms',
        server.quantile(0.99) - raw.quantile(0.99),
      ),
      atMost('over plain ws that stores first, median', hearth.median - server.median, 2, ' ms'),
      atMost(
        'over plain ws that stores first, 99th percentile',
        hearth.quantile(0.99) - server.quantile(0.99),
        5,
        ' ms',
      ),
    ],
    charts: [byLength(samples)],
  };
}

/** What a turn costs early and late in its conversation; the turns around each point together. */
function byLength(samples: Record<'hearth' | 'raw', number[]>): Chart {
  const pointsOf = (turns: readonly number[]): [number, number][] =>
    [1, 10, 100].flatMap((before): [number, number][] => {
      const some = turns.slice(before, before + AROUND);
      return some.length < AROUND ? [] : [[before, median(some)]];
    });
  return {
    name: 'follow-up',
    title: 'A follow-up turn by the length of its conversation',
    x: 'turns before it',
    y: 'ms to the first delta',
    series: [
      { name: 'Hearth', points: pointsOf(samples.hearth) },
      { name: 'raw SDK', points: pointsOf(samples.raw) },
    ],
    bend: 'Up to a hundred short turns neither grows. The binary sends the whole conversation to the model with each turn; Hearth reads nothing of it.',
  };
}

/** A session with a warm process, and a client that watches it. @returns plays a turn, and says when its first delta came */
async function warmHearth(workplace: Workplace, api: MessagesApi): Promise<() => Promise<number>> {
  const server = await HearthServer.start(workplace, { name: 'hearth', apiUrl: api.url });
  const client = await server.client();
  const { id } = await client.call<{ id: string }>('session.create', { agent: 'claude' });
  await client.call('session.subscribe', { sessionId: id, after: -1 });
  const turn = async (): Promise<number> => {
    const over = client.next(TURN_IS_OVER);
    const delta = client.next(...ANSWER_BEGINS);
    const began = performance.now();
    void client.call('message.send', { sessionId: id, content: PROMPT });
    await delta;
    const firstMs = performance.now() - began;
    await over;
    return firstMs;
  };
  await turn();
  return turn;
}

async function warmRaw(workplace: Workplace, api: MessagesApi): Promise<() => Promise<number>> {
  const home = workplace.subfolder('raw');
  const role = await workplace.role('raw-sdk', { env: environment(workplace, home, api.url) });
  await role.call('open', workplace.subfolder('raw/workspace'), PROMPT);
  return async () => (await role.call<TurnTimes>('turn', PROMPT)).firstMs;
}

async function naiveServer(workplace: Workplace, api: MessagesApi): Promise<() => Promise<number>> {
  const home = workplace.subfolder('naive');
  const role = await workplace.role('naive-server', { env: environment(workplace, home, api.url) });
  const url = await role.call<string>('listen', workplace.subfolder('naive/workspace'));
  const turn = async (): Promise<number> => {
    const began = performance.now();
    let firstMs = Number.NaN;
    const body = JSON.stringify({ conversation: 'one', prompt: PROMPT });
    const response = await fetch(url, { method: 'POST', body });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) {
      if (Number.isNaN(firstMs) && chunk.value.includes('content_block_delta')) firstMs = performance.now() - began;
    }
    return firstMs;
  };
  await turn();
  return turn;
}
