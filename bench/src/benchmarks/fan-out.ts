import { atLeast, atMost } from '../benchmark.ts';
import type { Benchmark, Goal, Row } from '../benchmark.ts';
import { median } from '../measure/distribution.ts';
import type { Chart } from '../report/chart.ts';
import type { Pace } from '../roles/broadcast.ts';
import { inRounds } from '../workplace.ts';
import type { Workplace } from '../workplace.ts';
import { FLOOR, hearthContender, plainContender, socketIoContender } from './fan-out-contenders.ts';
import type { Contender, Played } from './fan-out-contenders.ts';

const CHARS = 200;
const MODERATE = [100, 400];
/**
 * A server that has just started still compiles, on the core that it serves on: what comes in so many answers does not count. What was
 * compiled in the middle of one long answer would be thrown away where the next one begins.
 */
const RUN_IN_ANSWERS = 13;
/** Deltas of one answer: the 99th percentile of fewer is that of how it begins and ends. */
const ANSWER = 800;
const RUN_IN: Pace = { count: ANSWER, intervalMs: 2.5, chars: CHARS };
/** A shared machine is slow for a second now and then, its core or its disk, whoever runs: only many rounds meet all of them alike. */
const ROUNDS = 15;
const ROUNDS_MS = 42_000;
/** Who keeps less of a rate is not at that rate. */
const KEPT = 0.95;

type Measured = Map<string, Played[]>;

export const fanOut: Benchmark = {
  name: 'fan-out',
  title: 'One session, many clients',
  about:
    'One stream of deltas of 200 characters to 100 and to 1,000 clients in another process, the server on one core, the clients on another. At the ceiling the stream is made as fast as it goes out; delivered are deltas times clients. At moderate rates what counts is how old a delta is when its client has it, counted from when it was due, since a server that is busy then is late with it, after 13 answers of 800 deltas that do not count; who cannot keep a rate is no measure at it. Plain `ws` sends one frame per event, encoded once, and stores nothing, or, as a floor with the same promise, each event first (SQLite, WAL, synchronous=FULL); socket.io likewise stores nothing, and with connection state recovery keeps events in memory. Hearth stores every event on disk first.',
  async run(workplace) {
    const contenders = [
      await hearthContender(workplace),
      await plainContender(workplace),
      await plainContender(workplace, true),
      await socketIoContender(workplace, false),
      await socketIoContender(workplace, true),
    ];
    const rows: Row[] = [];
    const goals: Goal[] = [];
    const notes: string[] = [];
    const ceilings: Record<string, [number, number][]> = {};
    for (const clients of workplace.pick([10, 100, 1_000], [3])) {
      workplace.say(`fan-out to ${clients} clients`);
      for (const contender of contenders) await contender.join(clients);
      const ceiling = await atCeiling(workplace, contenders, clients);
      for (const [name, all] of ceiling) (ceilings[name] ??= []).push([clients, median(all.map(perSecond))]);
      if (clients >= 100 || workplace.short) {
        judgeCeiling(ceiling, clients, rows, goals);
        if (clients === 100) await runIn(contenders);
        for (const rate of MODERATE) {
          const ages = await atRate(workplace, contenders, rate, clients);
          const what = `${rate} events/s, ${clients} clients`;
          const kept = rates(ages);
          notes.push(`Events per second that a client was given at ${what}: ${told(kept)}.`);
          judgeAges(ages, what, rows, goals, (name) => (kept.get(name) ?? 0) >= KEPT * rate);
        }
      }
      for (const contender of contenders) await contender.leave();
    }
    return { rows, goals, notes, charts: [chart(ceilings)] };
  },
};

async function runIn(contenders: readonly Contender[]): Promise<void> {
  for (const contender of contenders) {
    for (let answer = 0; answer < RUN_IN_ANSWERS; answer += 1) await contender.play(RUN_IN);
  }
}

function atCeiling(workplace: Workplace, contenders: readonly Contender[], clients: number): Promise<Measured> {
  const count = workplace.pick(Math.max(100, Math.round(100_000 / clients)), 20);
  return measured(contenders, { count, intervalMs: 0, chars: CHARS }, workplace.pick(3, 1));
}

function atRate(
  workplace: Workplace,
  contenders: readonly Contender[],
  rate: number,
  clients: number,
): Promise<Measured> {
  const pace: Pace = { count: workplace.pick(ANSWER, 10), intervalMs: 1000 / rate, chars: CHARS };
  const rounds = clients > 100 ? 3 : Math.max(ROUNDS, Math.round(ROUNDS_MS / (ANSWER * pace.intervalMs)));
  return measured(contenders, pace, workplace.pick(rounds, 1));
}

function rates(played: Measured): Map<string, number> {
  return new Map([...played].map(([name, all]) => [name, median(all.map(({ rate }) => rate))]));
}

function told(kept: Map<string, number>): string {
  return [...kept].map(([name, rate]) => `${name} ${Math.round(rate)}`).join(', ');
}

async function measured(contenders: readonly Contender[], pace: Pace, rounds: number): Promise<Measured> {
  const found: Measured = new Map(contenders.map(({ name }) => [name, []]));
  await inRounds(
    rounds,
    contenders.map((contender) => async (round) => {
      const played = await contender.play(pace);
      if (round >= 0) found.get(contender.name)?.push(played);
    }),
  );
  return found;
}

function perSecond({ stamps, durationMs }: Played): number {
  return (stamps / durationMs) * 1000;
}

function judgeCeiling(ceiling: Measured, clients: number, rows: Row[], goals: Goal[]): void {
  const what = `at the ceiling, ${clients} clients`;
  for (const [name, all] of ceiling) {
    rows.push({ name: `${name}, ${what}`, unit: 'deltas/s delivered', samples: all.map(perSecond) });
  }
  const [hearth = Number.NaN, plain = Number.NaN, , ...others] = [...ceiling.values()].map((all) =>
    median(all.map(perSecond)),
  );
  goals.push(
    atLeast(`delivered ${what}, of plain ws`, hearth / plain, 2),
    atLeast(`delivered ${what}, of the better socket.io`, hearth / Math.max(...others), 1),
  );
}

function judgeAges(
  ages: Measured,
  what: string,
  rows: Row[],
  goals: Goal[],
  keeps: (contender: string) => boolean,
): void {
  const p99 = new Map([...ages].map(([name, all]) => [name, median(all.map((played) => played.p99Ms))]));
  for (const [name, all] of ages) {
    rows.push({
      name: `${name}, ${what}`,
      unit: 'ms old',
      samples: all.map((played) => played.medianMs),
      p99: p99.get(name) ?? Number.NaN,
    });
  }
  const [[own, hearth] = ['', Number.NaN], ...others] = [...p99];
  const floor = p99.get(FLOOR) ?? Number.NaN;
  for (const [name, theirs] of others) {
    const limit = name.startsWith('plain') ? 1.2 : 1;
    const goal = atMost(`99th percentile at ${what}, of ${name}`, hearth / theirs, limit, '', floor / theirs);
    if (keeps(name)) goals.push(goal);
    else goals.push({ ...goal, value: `${name} does not keep that rate`, met: keeps(own) });
  }
}

function chart(ceilings: Record<string, [number, number][]>): Chart {
  return {
    name: 'fan-out',
    title: 'What one core delivers, by the number of clients',
    x: 'clients',
    y: 'deltas/s delivered',
    series: Object.entries(ceilings).map(([name, points]) => ({ name, points })),
    bend: 'Who sends a frame per event delivers as many frames as the core can write, whatever the number of clients. Hearth writes a frame per client and commit: the more clients, the longer a round of writes takes, and the more deltas share the next one.',
  };
}
