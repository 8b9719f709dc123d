import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ProcessPool } from './process-pool.ts';
import type { EvictionCause, Place, PlaceRequest, PoolLimits } from './process-pool.ts';

const MB = 1024 * 1024;

/** A pool with sessions around it that can be idle, and that give up their places when they are asked to. */
class House {
  readonly pool: ProcessPool;
  readonly places = new Map<string, Place>();
  readonly idle: string[] = [];
  readonly evicted: [string, EvictionCause][] = [];
  readonly admitted: string[] = [];
  readonly signs: string[] = [];
  readonly #controllers = new Map<string, AbortController>();

  constructor(limits: Partial<PoolLimits>) {
    this.pool = new ProcessPool({ maxProcesses: 100, maxMemoryBytes: null, ...limits }, (cause) => {
      const sessionId = this.idle.shift();
      if (sessionId === undefined) return null;
      this.evicted.push([sessionId, cause]);
      return sessionId;
    });
  }

  /** Asks for a place; when it is had its process takes so many bytes. */
  async ask(sessionId: string, bytes?: number): Promise<void> {
    const controller = new AbortController();
    this.#controllers.set(sessionId, controller);
    const onWait = (): void => void this.signs.push(sessionId);
    void this.#come(sessionId, { sessionId, agent: 'claude', onWait, signal: controller.signal }, bytes);
    await settled();
  }

  async #come(sessionId: string, request: PlaceRequest, bytes: number | undefined): Promise<void> {
    const place = await this.pool.acquire(request);
    if (place === null) return;
    this.admitted.push(sessionId);
    this.places.set(sessionId, place);
    if (bytes !== undefined) place.measured(() => bytes);
  }

  async leave(sessionId: string): Promise<void> {
    this.places.get(sessionId)?.release();
    await settled();
  }

  async giveUp(sessionId: string): Promise<void> {
    this.#controllers.get(sessionId)?.abort();
    await settled();
  }

  async becomesIdle(sessionId: string): Promise<void> {
    this.idle.push(sessionId);
    this.pool.balance();
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await Promise.resolve();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the pool of processes, by number', () => {
  test('[AGT2] lets in as many as there are places, and the others in the order in which they came', async () => {
    const house = new House({ maxProcesses: 2 });
    for (const id of ['a', 'b', 'c', 'd', 'e']) await house.ask(id);
    expect([house.admitted, house.pool.live, house.pool.waiting]).toEqual([['a', 'b'], 2, 3]);
    await house.leave('b');
    expect([house.admitted.at(-1), house.pool.live]).toEqual(['c', 2]);
    await house.leave('a');
    await house.leave('c');
    expect([house.admitted, house.pool.live]).toEqual([['a', 'b', 'c', 'd', 'e'], 2]);
  });

  test('[AGT2] a place that is released twice is one place', async () => {
    const house = new House({ maxProcesses: 2 });
    for (const id of ['a', 'b', 'c', 'd']) await house.ask(id);
    await house.leave('a');
    await house.leave('a');
    expect([house.admitted, house.pool.live]).toEqual([['a', 'b', 'c'], 2]);
  });

  test('[AGT2] no place is lost: after everyone has left all are free again', async () => {
    const house = new House({ maxProcesses: 3 });
    const ids = Array.from({ length: 20 }, (_, index) => `s${index}`);
    for (const id of ids) await house.ask(id);
    for (const id of ids.filter((_, index) => index % 4 === 3)) await house.giveUp(id);
    for (let round = 0; round < 20; round += 1) for (const id of house.admitted) await house.leave(id);
    expect([house.pool.live, house.pool.waiting, house.evicted]).toEqual([0, 0, []]);
    for (const id of ['x', 'y', 'z', 'late']) await house.ask(id);
    expect([house.pool.live, house.pool.waiting]).toEqual([3, 1]);
  });

  test('[AGT2] one idle session is asked for each one that waits, however often it is looked at', async () => {
    const house = new House({ maxProcesses: 3 });
    for (const id of ['a', 'b', 'c']) await house.ask(id);
    house.idle.push('a', 'b', 'c');
    await house.ask('d');
    for (let look = 0; look < 5; look += 1) house.pool.balance();
    expect(house.evicted).toEqual([['a', 'place']]);
    await house.ask('e');
    house.pool.balance();
    expect(house.evicted).toEqual([
      ['a', 'place'],
      ['b', 'place'],
    ]);
    await house.leave('b');
    await house.leave('a');
    house.pool.balance();
    expect([house.admitted, house.evicted.length, house.idle]).toEqual([['a', 'b', 'c', 'd', 'e'], 2, ['c']]);
  });

  test('[AGT2] nobody is asked when one leaves by itself', async () => {
    const house = new House({ maxProcesses: 2 });
    for (const id of ['a', 'b']) await house.ask(id);
    house.places.get('b')?.leaving();
    house.idle.push('a');
    await house.ask('c');
    expect([house.evicted, house.admitted]).toEqual([[], ['a', 'b']]);
    await house.leave('b');
    expect([house.evicted, house.admitted]).toEqual([[], ['a', 'b', 'c']]);
  });

  test('[AGT2] when all are busy one waits until the first becomes idle, and says meanwhile that it does', async () => {
    const house = new House({ maxProcesses: 1 });
    await house.ask('busy');
    await house.ask('waits');
    expect([house.evicted, house.admitted]).toEqual([[], ['busy']]);
    vi.advanceTimersByTime(20_000);
    expect(house.signs.length).toBeGreaterThan(2);
    await house.becomesIdle('busy');
    expect([house.evicted, house.admitted]).toEqual([[['busy', 'place']], ['busy']]);
    await house.leave('busy');
    expect(house.admitted).toEqual(['busy', 'waits']);
    const said = house.signs.length;
    vi.advanceTimersByTime(60_000);
    expect(house.signs.length).toBe(said);
  });

  test('[AGT2] who gives up while waiting is passed over, and takes no place', async () => {
    const house = new House({ maxProcesses: 1 });
    for (const id of ['a', 'b', 'c']) await house.ask(id);
    await house.giveUp('b');
    expect(house.pool.waiting).toBe(1);
    await house.leave('a');
    expect([house.admitted, house.pool.live]).toEqual([['a', 'c'], 1]);
    vi.advanceTimersByTime(60_000);
    expect(house.signs).toEqual([]);
  });

  test('[AGT2] an idle session keeps its process while nobody waits', async () => {
    const house = new House({ maxProcesses: 2 });
    for (const id of ['a', 'b']) await house.ask(id);
    await house.becomesIdle('a');
    await house.becomesIdle('b');
    expect(house.evicted).toEqual([]);
  });
});

describe('the pool of processes, by memory', () => {
  const maxMemoryBytes = 1000 * MB;

  test('[AGT5] idle sessions make room when all together have grown past the cap, until it fits', async () => {
    const house = new House({ maxMemoryBytes });
    const sizes = new Map([
      ['a', 300 * MB],
      ['b', 300 * MB],
      ['c', 300 * MB],
    ]);
    for (const id of sizes.keys()) {
      await house.ask(id);
      house.places.get(id)?.measured(() => sizes.get(id));
    }
    house.idle.push('a', 'b');
    house.pool.balance();
    expect(house.evicted).toEqual([]);
    sizes.set('c', 650 * MB);
    house.pool.balance();
    house.pool.balance();
    expect(house.evicted).toEqual([['a', 'memory']]);
    await house.leave('a');
    sizes.set('c', 5000 * MB);
    house.pool.balance();
    house.pool.balance();
    expect(house.evicted).toEqual([
      ['a', 'memory'],
      ['b', 'memory'],
    ]);
    expect(house.pool.read().memoryBytes).toBe(5300 * MB);
  });

  test('[AGT5] one more waits while it would not fit and all are busy', async () => {
    const house = new House({ maxMemoryBytes });
    await house.ask('a', 400 * MB);
    await house.ask('b', 400 * MB);
    await house.ask('c', 400 * MB);
    expect([house.admitted, house.pool.waiting]).toEqual([['a', 'b'], 1]);
    await house.becomesIdle('b');
    expect([house.evicted, house.admitted]).toEqual([[['b', 'memory']], ['a', 'b']]);
    await house.leave('b');
    expect([house.admitted, house.pool.live]).toEqual([['a', 'b', 'c'], 2]);
  });

  test('[AGT5] one that is not measured yet counts for what others take', async () => {
    const house = new House({ maxMemoryBytes });
    await house.ask('a', 300 * MB);
    for (const id of ['b', 'c', 'd']) await house.ask(id);
    expect([house.admitted, house.pool.waiting]).toEqual([['a', 'b', 'c'], 1]);
    house.places.get('b')?.measured(() => 100 * MB);
    await settled();
    expect(house.admitted).toEqual(['a', 'b', 'c', 'd']);
  });

  test('[AGT5] a process that shrinks lets the next one in', async () => {
    const house = new House({ maxMemoryBytes });
    let bytes = 900 * MB;
    await house.ask('a');
    house.places.get('a')?.measured(() => bytes);
    await house.ask('b');
    expect(house.admitted).toEqual(['a']);
    bytes = 300 * MB;
    house.pool.balance();
    await settled();
    expect(house.admitted).toEqual(['a', 'b']);
  });

  test('[AGT5] one alone may live however small the cap is', async () => {
    const house = new House({ maxMemoryBytes: 1 });
    await house.ask('a', 300 * MB);
    await house.ask('b', 300 * MB);
    expect(house.admitted).toEqual(['a']);
    await house.becomesIdle('a');
    await house.leave('a');
    expect([house.admitted, house.pool.live]).toEqual([['a', 'b'], 1]);
  });

  test('[AGT5] what cannot be measured is bounded by number alone', async () => {
    const house = new House({ maxMemoryBytes: 1, maxProcesses: 3 });
    for (const id of ['a', 'b', 'c', 'd']) {
      await house.ask(id);
      house.places.get(id)?.measured(() => undefined);
    }
    expect([house.admitted, house.evicted]).toEqual([['a', 'b', 'c'], []]);
  });

  test('is read with the processes of each agent', async () => {
    const house = new House({ maxProcesses: 2 });
    for (const id of ['a', 'b', 'c']) await house.ask(id, 10);
    expect(house.pool.read()).toEqual({ spares: 0, processes: new Map([['claude', 2]]), memoryBytes: 20, waiting: 1 });
  });
});

describe('processes that stand ready', () => {
  /** Spares of so many bytes each. */
  function spares(bytes: number, ready: number) {
    const shelf = {
      ready,
      hasRoom: (): boolean => false,
      memoryBytes: () => shelf.ready * bytes,
      discard: () => shelf.ready > 0 && (shelf.ready -= 1) >= 0,
      keepReady: (hasRoom: () => boolean) => {
        shelf.hasRoom = hasRoom;
      },
    };
    return shelf;
  }

  test('[AGT8] do not count against the number of agents', async () => {
    const house = new House({ maxProcesses: 2, spares: [spares(10 * MB, 2)] });
    for (const id of ['a', 'b', 'c']) await house.ask(id, 10 * MB);
    expect([house.admitted, house.pool.read().spares, house.pool.read().memoryBytes]).toEqual([['a', 'b'], 2, 40 * MB]);
  });

  test('[AGT8] go first when memory is short, before any idle session', async () => {
    const shelf = spares(30 * MB, 2);
    const house = new House({ maxMemoryBytes: 100 * MB, spares: [shelf] });
    await house.ask('a', 30 * MB);
    await house.becomesIdle('a');
    await house.ask('b', 30 * MB);
    expect([house.admitted, house.evicted, shelf.ready]).toEqual([['a', 'b'], [], 1]);
    await house.ask('c', 30 * MB);
    expect([house.admitted, house.evicted, shelf.ready]).toEqual([['a', 'b', 'c'], [], 0]);
    await house.ask('d', 30 * MB);
    expect(house.evicted).toEqual([['a', 'memory']]);
  });

  test('[AGT8] are started only where there is memory for one more, and nobody waits', async () => {
    const shelf = spares(40 * MB, 0);
    const house = new House({ maxMemoryBytes: 100 * MB, maxProcesses: 2, spares: [shelf] });
    expect(shelf.hasRoom()).toBe(true);
    await house.ask('a', 40 * MB);
    expect(shelf.hasRoom()).toBe(true);
    await house.ask('b', 40 * MB);
    expect(shelf.hasRoom()).toBe(false);
    await house.leave('b');
    await house.ask('b', 1 * MB);
    await house.ask('c');
    expect(shelf.hasRoom()).toBe(false);
  });
});
