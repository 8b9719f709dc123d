import { startMessagesApi } from '@hearth/testkit';
import { TURN_IS_OVER } from '../wire/hearth-client.ts';
import { atMost } from '../benchmark.ts';
import type { Benchmark } from '../benchmark.ts';
import type { Series } from '../report/chart.ts';
import { environment, HearthServer, TOKEN } from '../hearth-server.ts';
import { nowUs } from '../measure/clock.ts';
import { median } from '../measure/distribution.ts';
import type { Role } from '../role.ts';
import type { TurnTimes } from '../roles/raw-sdk.ts';
import type { Received } from '../roles/swarm.ts';
import { stamps } from '../scripted-sessions.ts';
import type { HearthClient } from '../wire/hearth-client.ts';
import { SdkServer } from '../sdk-server.ts';
import { inRounds } from '../workplace.ts';
import type { Workplace } from '../workplace.ts';

const CHARS = 20;

/** Sends a prompt that streams so many deltas at full speed. @returns ms until the last client has the last of them */
type Stream = (deltas: number) => Promise<number>;

export const deltas: Benchmark = {
  name: 'deltas',
  title: 'A long answer at full speed',
  about:
    'From sending a message to the last of 2,000 deltas, which the scripted Messages API sends as fast as the binary reads them: at a raw streaming query, at one client of Hearth, and at the last of 100 clients; and the same at the floor of a server with the same promise, a raw streaming query behind plain `ws` that stores before it sends, and the transcript too.',
  async run(workplace) {
    const api = workplace.adopt(await startMessagesApi());
    const count = workplace.pick(2_000, 50);
    const many = workplace.pick(100, 3);
    const streams: Record<'one' | 'many' | 'raw' | 'floorOne' | 'floorMany', Stream> = {
      raw: await rawStream(workplace, api.url),
      one: await hearthStream(workplace, api.url, 1),
      many: await hearthStream(workplace, api.url, many),
      floorOne: await floorStream(workplace, api.url, 1),
      floorMany: await floorStream(workplace, api.url, many),
    };
    const names = ['one', 'many', 'raw', 'floorOne', 'floorMany'] as const;
    const measure = async (deltaCount: number, rounds: number): Promise<Record<keyof typeof streams, number[]>> => {
      const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
        (typeof names)[number],
        number[]
      >;
      const play = names.map((name) => async (round: number) => {
        const ms = await streams[name](deltaCount);
        if (round >= 0) samples[name].push(ms);
      });
      await inRounds(rounds, play);
      return samples;
    };
    const samples = await measure(count, workplace.pick(15, 1));
    const series: Record<keyof typeof streams, [number, number][]> = {
      one: [],
      many: [],
      raw: [],
      floorOne: [],
      floorMany: [],
    };
    for (const size of workplace.pick([200, 2_000, 20_000], [5, 50])) {
      const found = await measure(size, workplace.pick(3, 1));
      for (const name of names) series[name].push([size, median(found[name])]);
    }
    const raw = median(samples.raw);
    return {
      rows: [
        { name: 'Hearth with one client', unit: 'ms', samples: samples.one },
        { name: `Hearth with ${many} clients`, unit: 'ms', samples: samples.many },
        { name: 'raw SDK', unit: 'ms', samples: samples.raw },
        { name: 'plain ws that stores first, with one client', unit: 'ms', samples: samples.floorOne },
        { name: `plain ws that stores first, with ${many} clients`, unit: 'ms', samples: samples.floorMany },
      ],
      goals: [
        atMost('with one client, of the raw SDK', median(samples.one) / raw, 1.05, '', median(samples.floorOne) / raw),
        atMost(
          `with ${many} clients, of the raw SDK`,
          median(samples.many) / raw,
          1.15,
          '',
          median(samples.floorMany) / raw,
        ),
        atMost('with one client, of plain ws that stores first', median(samples.one) / median(samples.floorOne), 1.05),
        atMost(
          `with ${many} clients, of plain ws that stores first`,
          median(samples.many) / median(samples.floorMany),
          1.15,
        ),
      ],
      charts: [
        {
          name: 'deltas',
          title: 'A long answer by its length',
          x: 'deltas',
          y: 'ms to the last delta',
          series: [
            { name: 'one client', points: series.one },
            { name: `${many} clients`, points: series.many },
            { name: 'raw SDK', points: series.raw },
            { name: 'plain ws that stores first, one client', points: series.floorOne },
          ] satisfies Series[],
          bend: 'Up to a few hundred deltas the request itself is what takes time; from there on it is the binary, one delta after the other, in proportion. Hearth gathers what comes while a commit is under way, so more clients and more deltas cost it frames, not deltas.',
        },
      ],
    };
  },
};

async function rawStream(workplace: Workplace, apiUrl: string): Promise<Stream> {
  const role = await workplace.role('raw-sdk', { env: environment(workplace, workplace.subfolder('raw'), apiUrl) });
  await role.call('open', workplace.subfolder('raw/workspace'), '[[say ready]]');
  return async (count) => (await role.call<TurnTimes>('turn', stamps({ count, intervalMs: 0, chars: CHARS }))).lastMs;
}

async function floorStream(workplace: Workplace, apiUrl: string, clients: number): Promise<Stream> {
  const server = await SdkServer.start(workplace, apiUrl, `sdk-server-${clients}`);
  const swarm = await workplace.role('swarm');
  await swarm.call('join', { kind: 'plain-ws', url: server.url }, clients);
  return async (count) => {
    await swarm.call('reset');
    const began = nowUs();
    const over = server.turn(stamps({ count, intervalMs: 0, chars: CHARS }));
    const { lastAtUs } = await swarm.call<Received>('received', count);
    await over;
    return (lastAtUs - began) / 1000;
  };
}

async function hearthStream(workplace: Workplace, apiUrl: string, clients: number): Promise<Stream> {
  const server = await HearthServer.start(workplace, { name: `hearth-${clients}`, apiUrl });
  const client = await server.client();
  const { id } = await client.call<{ id: string }>('session.create', { agent: 'claude' });
  const swarm = await workplace.role('swarm');
  await swarm.call('join', { kind: 'hearth', url: server.url, token: TOKEN, sessionIds: [id] }, clients);
  await client.call('session.subscribe', { sessionId: id, after: -1 });
  return (count) => streamed(client, id, swarm, count);
}

async function streamed(client: HearthClient, sessionId: string, swarm: Role, count: number): Promise<number> {
  await swarm.call('reset');
  const over = client.next(TURN_IS_OVER);
  const began = nowUs();
  void client.call('message.send', { sessionId, content: stamps({ count, intervalMs: 0, chars: CHARS }) });
  const { lastAtUs } = await swarm.call<Received>('received', count);
  await over;
  return (lastAtUs - began) / 1000;
}
