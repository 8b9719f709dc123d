import { answerText, assertOrdered, Bench, blockTexts, isTerminal } from '@hearth/conformance';
import type { RpcSocket } from '@hearth/conformance';
import type { Event } from '@hearth/protocol';
import type { MessagesApi } from '@hearth/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Place, scriptedApi, ServerProcess } from './server-process.ts';
import { freePort, inspected, sample } from './soak/sample.ts';

const MB = 1024 * 1024;
const MOST_GROWTH_BYTES = 64 * MB;
const DELTAS = 20_000;
const ANSWER = Array.from({ length: DELTAS }, (_, index) => `w${index} `).join('');
/** More than the system's own socket buffers hold, so that the server has to wait for a reader that sleeps. */
const LARGE_MESSAGES = 300;
const LARGE_MESSAGE = `[[say read]]${'.'.repeat(60 * 1024)}`;

interface Watched {
  id: string;
  reader: RpcSocket;
}

describe('slow clients', () => {
  const place = new Place();
  let api: MessagesApi;
  let server: ServerProcess;
  let bench: Bench;
  let inspectorPort: number;

  beforeAll(async () => {
    api = await scriptedApi();
    inspectorPort = await freePort();
    server = await ServerProcess.start(place, api, { agent: 'scripted', env: inspected(inspectorPort) });
  });

  beforeEach(() => {
    bench = new Bench(server.target('scripted'));
  });

  afterEach(async () => {
    await bench.clear();
  });

  afterAll(async () => {
    await server.stop();
    await api.close();
    place.remove();
  });

  async function watchedSession(): Promise<Watched> {
    const { id } = await bench.session();
    return { id, reader: await bench.watch(id) };
  }

  async function flood({ id, reader }: Watched): Promise<void> {
    for (let sent = 0; sent < LARGE_MESSAGES; sent += 1) await bench.send(id, LARGE_MESSAGE);
    const { id: last } = await bench.send(id, `[[tokens ${DELTAS} 0]]`, { priority: 'later' });
    await reader.until('the last answer', () =>
      reader.events.some((event) => event.type === 'message.completed' && event.messageId === last),
    );
    expect(answerText(reader.of(id)).endsWith(ANSWER)).toBe(true);
  }

  async function paused(): Promise<number> {
    const metrics = String((await bench.http('GET', '/metrics')).body);
    return Number(/^hearth_backpressure_total (\d+)$/m.exec(metrics)?.[1] ?? 0);
  }

  test('[SUB6] a client that never reads costs the server no memory and the others no event, and gets all when it wakes', async () => {
    const warmUp = await Promise.all([1, 2, 3].map(watchedSession));
    await Promise.all(warmUp.map(flood));
    await Promise.all(warmUp.map(flood));
    const watched = await Promise.all([1, 2, 3].map(watchedSession));
    const sleepers = await Promise.all(watched.map(({ id }) => bench.watch(id)));
    for (const { raw } of sleepers) raw.pause();

    const before = await sample(server, inspectorPort);
    await Promise.all(watched.map(flood));
    // The sleepers still sleep: what was kept for them would be held now.
    const grownBytes = (await sample(server, inspectorPort)).heapBytes - before.heapBytes;

    expect(await paused(), 'the server waits for the sleepers').toBeGreaterThan(0);
    expect(grownBytes).toBeLessThan(MOST_GROWTH_BYTES);
    for (const [index, { id, reader }] of watched.entries()) {
      const sleeper = sleepers[index]!;
      const seen = reader.of(id);
      const lastSeq = seen.at(-1)?.seq ?? 0;
      expect(sleeper.of(id).filter(isTerminal).length, 'it sleeps').toBeLessThan(LARGE_MESSAGES);
      sleeper.raw.resume();
      await sleeper.until('the sleeper to have all', () => (sleeper.events.at(-1)?.seq ?? 0) >= lastSeq);
      assertOrdered(sleeper.of(id));
      expect(sleeper.of(id).filter(isWhole)).toEqual(seen.filter(isWhole));
      expect(blockTexts(sleeper.of(id))).toEqual(blockTexts(seen));
    }
  }, 120_000);
});

function isWhole(event: Event): boolean {
  return event.type !== 'block.delta';
}
