import { beforeEach, describe, expect, test } from 'vitest';
import type { AgentEvent, AgentProcess, AgentSpec, Backend, Delivery } from '../backend/backend.ts';
import { deferred } from '../concurrency/deferred.ts';
import { ProcessPool } from '../process/process-pool.ts';
import { silentLog } from '../telemetry/log.ts';
import { AgentSlot } from './agent-slot.ts';

/** A process that does nothing by itself and notes what it is told. */
class FakeProcess implements AgentProcess {
  readonly told: string[] = [];
  readonly emit: (event: AgentEvent) => void;
  readonly #gone = deferred<void>();
  alive = true;

  constructor(emit: (event: AgentEvent) => void) {
    this.emit = emit;
  }

  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  send(delivery: Delivery): void {
    this.told.push(`send ${delivery.messageId}`);
  }

  withdraw(messageId: string): void {
    this.told.push(`withdraw ${messageId}`);
  }

  interrupt(): void {
    this.told.push('interrupt');
  }

  answer(approvalId: string): void {
    this.told.push(`answer ${approvalId}`);
  }

  configure(): void {
    this.told.push('configure');
  }

  close(): void {
    this.told.push('close');
  }

  kill(): void {
    this.told.push('kill');
  }

  memoryBytes(): number {
    return 100;
  }

  /** Says that it has ended; what it started lives on until `vanish`. */
  exit(): void {
    this.emit({ type: 'exited' });
  }

  async vanish(): Promise<void> {
    this.alive = false;
    this.#gone.resolve();
    await settled();
  }
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

function fakeBackend(processes: FakeProcess[], usesProcess = true): Backend {
  const capability = { steering: true, resume: true, fork: false, approvals: true };
  return {
    name: 'fake',
    usesProcess,
    capabilities: { ...capability, images: false, models: false, modes: false, usage: false },
    check: async () => ({ available: true }),
    open(_spec, emit) {
      const process = new FakeProcess(emit);
      processes.push(process);
      return process;
    },
    forget: async () => undefined,
    close: async () => undefined,
  };
}

const SPEC: AgentSpec = { sessionId: 's', cwd: '/', permissionMode: 'default', pendingMessageIds: [], carried: [] };
const spec = (): AgentSpec => SPEC;
const delivery = (messageId: string): Delivery => ({ messageId, content: 'hello' });

describe('a session’s place for its process', () => {
  let processes: FakeProcess[];
  let emitted: string[];
  let pool: ProcessPool;
  let slot: AgentSlot;

  function newSlot(backend = fakeBackend(processes)): AgentSlot {
    return new AgentSlot({
      sessionId: 's',
      backend,
      pool,
      log: silentLog(),
      emit: (generation, event) => void emitted.push(`${generation} ${event.type}`),
    });
  }

  /** Takes the only place there is. @returns gives it back */
  async function crowd(): Promise<() => Promise<void>> {
    const request = { sessionId: 'other', agent: 'fake', onWait: () => undefined };
    const place = await pool.acquire({ ...request, signal: new AbortController().signal });
    return async () => {
      place?.release();
      await settled();
    };
  }

  beforeEach(() => {
    processes = [];
    emitted = [];
    pool = new ProcessPool({ maxProcesses: 1, maxMemoryBytes: null }, () => null);
    slot = newSlot();
  });

  test('[AGT1] opens one process with the first message and hands all that follow to it', async () => {
    slot.send(1, delivery('a'), spec);
    slot.send(1, delivery('b'), spec);
    slot.withdraw(1, 'b');
    expect(slot.occupied).toBe(true);
    await settled();
    slot.configure(1, { model: 'm' });
    slot.answer(1, 'q', { decision: 'allow' });
    expect(processes.map((process) => process.told)).toEqual([
      ['send a', 'send b', 'withdraw b', 'configure', 'answer q'],
    ]);
  });

  test('[AGT1][PHASE3] opens none for a message to one that has ended meanwhile, for nobody would hear of it nor end it', async () => {
    slot.send(1, delivery('a'), spec);
    await settled();
    processes[0]?.exit();
    await processes[0]?.vanish();

    slot.send(1, delivery('b'), spec);
    slot.resume(1, spec);
    await settled();
    const opened = processes.length;
    slot.send(2, delivery('b'), spec);
    await settled();

    expect([opened, processes.map((process) => process.told)]).toEqual([1, [['send a'], ['send b']]]);
  });

  test('[AGT3] never has two processes alive: the next opens when nothing of the one before is left', async () => {
    slot.send(1, delivery('a'), spec);
    await settled();
    slot.kill(1);
    slot.send(2, delivery('a'), spec);
    slot.kill(2);
    slot.send(3, delivery('a'), spec);
    await settled();
    expect(processes).toHaveLength(1);
    processes[0]?.exit();
    await settled();
    expect([processes.length, pool.live]).toEqual([1, 1]);
    await processes[0]?.vanish();
    expect(processes.map((process) => [process.alive, process.told])).toEqual([
      [false, ['send a', 'kill']],
      [true, ['send a']],
    ]);
    expect(pool.live).toBe(1);
  });

  test('[AGT2] its place is free when its process is gone with all that it started, not before', async () => {
    slot.send(1, delivery('a'), spec);
    await settled();
    slot.close(1);
    processes[0]?.exit();
    await settled();
    expect([slot.occupied, pool.live]).toEqual([false, 1]);
    await processes[0]?.vanish();
    expect(pool.live).toBe(0);
    await slot.vacant();
  });

  test('[RES7] what an earlier process is told comes to nobody', async () => {
    slot.send(1, delivery('a'), spec);
    await settled();
    slot.close(1);
    await processes[0]?.vanish();
    slot.send(2, delivery('b'), spec);
    await settled();
    slot.withdraw(1, 'b');
    slot.kill(1);
    slot.configure(1, {});
    expect(processes[1]?.told).toEqual(['send b']);
  });

  test.each(['close', 'kill'] as const)(
    '[AGT2] %s before it has a place: nothing opens, and the place goes to the next',
    async (end) => {
      const leave = await crowd();
      slot.send(1, delivery('a'), spec);
      await settled();
      expect(pool.waiting).toBe(1);
      slot[end](1);
      await slot.vacant();
      expect([pool.waiting, slot.occupied]).toEqual([0, false]);
      await leave();
      expect([processes, pool.live]).toEqual([[], 0]);
    },
  );

  test('[INT8] an interrupt before it has a place ends it at once, and the next message asks for a place anew', async () => {
    const leave = await crowd();
    slot.send(1, delivery('a'), spec);
    await settled();
    slot.interrupt(1);
    expect(emitted).toEqual(['1 exited']);
    slot.send(2, delivery('b'), spec);
    await settled();
    expect(pool.waiting).toBe(1);
    await leave();
    expect(processes.map((process) => process.told)).toEqual([['send b']]);
  });

  test('[INT1] an interrupt of an open process is its own matter', async () => {
    slot.send(1, delivery('a'), spec);
    await settled();
    slot.interrupt(1);
    expect([processes[0]?.told, emitted]).toEqual([['send a', 'interrupt'], []]);
  });

  test('[AGT2] given up between the grant of its place and its opening it gives the place back', async () => {
    const leave = await crowd();
    slot.send(1, delivery('a'), spec);
    await settled();
    void leave();
    slot.kill(1);
    await slot.vacant();
    expect([processes, pool.live]).toEqual([[], 0]);
  });

  test('[AGT2] an agent that exits by itself leaves its place, and the next message opens another', async () => {
    slot.send(1, delivery('a'), spec);
    await settled();
    processes[0]?.exit();
    expect([slot.occupied, emitted]).toEqual([false, ['1 exited']]);
    slot.send(2, delivery('b'), spec);
    await processes[0]?.vanish();
    await settled();
    expect(processes[1]?.told).toEqual(['send b']);
  });

  test('[AGT4] an agent that cannot even be opened has exited, and keeps no place', async () => {
    const fails = { ...fakeBackend(processes), open: (): never => fail('no such thing') };
    slot = newSlot(fails);
    slot.send(1, delivery('a'), spec);
    await slot.vacant();
    expect([emitted, pool.live, slot.occupied]).toEqual([['1 exited'], 0, false]);
  });

  test('[AGT2] an agent without a process needs no place', async () => {
    await crowd();
    slot = newSlot(fakeBackend(processes, false));
    slot.send(1, delivery('a'), spec);
    await settled();
    expect(processes[0]?.told).toEqual(['send a']);
  });
});

function fail(why: string): never {
  throw new Error(why);
}
