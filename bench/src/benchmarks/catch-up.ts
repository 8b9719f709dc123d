import { atMost } from '../benchmark.ts';
import type { Benchmark } from '../benchmark.ts';
import { fill, insertEvents, insertSessions } from '../fixtures.ts';
import { HearthServer, TOKEN, workspaceOf } from '../hearth-server.ts';
import { delay } from '../measure/clock.ts';
import { median } from '../measure/distribution.ts';
import type { Role } from '../role.ts';
import { HearthClient } from '../wire/hearth-client.ts';
import { SocketIoClient } from '../wire/socket-io-client.ts';
import { inRounds, SERVER_CORE } from '../workplace.ts';

const CHARS = 200;
const MARK = '"seq":';

export const catchUp: Benchmark = {
  name: 'catch-up',
  title: 'What a client missed',
  about:
    'A client comes back and is given 10,000 events of 200 characters: by Hearth from its log on disk, once from a log that has no others and once from the end of one of a million; by socket.io’s connection state recovery from memory. From opening the connection to the last event; the server on one core.',
  async run(workplace) {
    const missed = workplace.pick(10_000, 100);
    const long = workplace.pick(1_000_000, 1_000);
    workplace.say(`filling a log of ${long} events`);
    const home = workplace.subfolder('hearth');
    await fill(`${home}/data`, async (store) => {
      await insertSessions(store, ['short', 'long'], workspaceOf(workplace, 'hearth'));
      await insertEvents(store, 'short', missed, CHARS);
      await insertEvents(store, 'long', long, CHARS);
    });
    const server = await HearthServer.start(workplace, { name: 'hearth', core: SERVER_CORE });
    const rival = await workplace.role('socket-io', { core: SERVER_CORE });
    const rivalUrl = await rival.call<string>('listen', true);
    const samples = { short: [] as number[], long: [] as number[], rival: [] as number[] };
    const keep = (name: keyof typeof samples, round: number, ms: number): void => {
      if (round >= 0) samples[name].push(ms);
    };
    // A tenth is what two medians of nine differ by.
    await inRounds(workplace.pick(31, 1), [
      async (round) => keep('short', round, await fromHearth(server.url, 'short', 0, missed)),
      async (round) => keep('long', round, await fromHearth(server.url, 'long', long - missed, missed)),
      async (round) => keep('rival', round, await fromSocketIo(rival, rivalUrl, missed)),
    ]);
    const series = { hearth: [] as [number, number][], rival: [] as [number, number][] };
    for (const count of workplace.pick([100, 1_000, 10_000, 100_000], [10, 100])) {
      const some = { hearth: [] as number[], rival: [] as number[] };
      await inRounds(workplace.pick(3, 1), [
        async (round) =>
          void (round >= 0 && some.hearth.push(await fromHearth(server.url, 'long', long - count, count))),
        async (round) => void (round >= 0 && some.rival.push(await fromSocketIo(rival, rivalUrl, count))),
      ]);
      series.hearth.push([count, median(some.hearth)]);
      series.rival.push([count, median(some.rival)]);
    }
    return {
      rows: [
        { name: 'Hearth from a log of as many', unit: 'ms', samples: samples.short },
        { name: `Hearth from a log of ${long.toLocaleString('en')}`, unit: 'ms', samples: samples.long },
        { name: 'socket.io from memory', unit: 'ms', samples: samples.rival },
      ],
      goals: [
        atMost('of socket.io’s recovery', median(samples.short) / median(samples.rival), 0.5),
        atMost('from the long log, of from the short one', median(samples.long) / median(samples.short), 1.1),
      ],
      charts: [
        {
          name: 'catch-up',
          title: 'Catching up, by what was missed',
          x: 'events missed',
          y: 'ms',
          series: [
            { name: 'Hearth', points: series.hearth },
            { name: 'socket.io', points: series.rival },
          ],
          bend: 'Below some hundred events it is the connection that takes time; beyond that both are in proportion to what was missed. Hearth’s log is read by its key, a page at a time, however long it is.',
        },
      ],
    };
  },
};

async function fromHearth(url: string, sessionId: string, after: number, missed: number): Promise<number> {
  const began = performance.now();
  const client = await HearthClient.open(url, TOKEN);
  const last = `${MARK}${after + missed},`;
  const done = client.next(last);
  void client.call('session.subscribe', { sessionId, after });
  await done;
  const ms = performance.now() - began;
  client.close();
  return ms;
}

async function fromSocketIo(server: Role, url: string, missed: number): Promise<number> {
  const first = await SocketIoClient.open(url);
  const heard = new Promise((resolve) => {
    first.onEvent = resolve;
  });
  await server.call('emit', 1, CHARS);
  await heard;
  const place = await first.place();
  first.close();
  // The server has to notice that the connection is gone before it keeps anything for it.
  await delay(50);
  await server.call('emit', missed, CHARS);
  const began = performance.now();
  return new Promise((resolve, reject) => {
    let left = missed;
    const recovered = SocketIoClient.open(url, place, () => {
      left -= 1;
      if (left > 0) return;
      const ms = performance.now() - began;
      recovered.then((client) => client.close(), reject);
      resolve(ms);
    });
    recovered.catch(reject);
  });
}
