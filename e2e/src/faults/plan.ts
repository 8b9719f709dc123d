import type { Priority } from '@hearth/protocol';
import { promptWith } from './prompts.ts';
import type { AgentName } from './prompts.ts';
import { Seeded } from './seeded.ts';

export type { AgentName } from './prompts.ts';

export type DatabaseName = 'sqlite' | 'postgres';

/** Through which client a user acts. */
export type Way = 'http' | 'socket' | 'sdk';

/** What users do. `session`, `target` and `client` are numbers of which the remainder counts. */
export type Action =
  | {
      do: 'send';
      session: number;
      way: Way;
      mark: string;
      prompt: string;
      priority: Priority;
      /** How often the same message is sent at once. */
      copies: number;
      /** Whether it has a `clientMessageId`. */
      keyed: boolean;
    }
  | { do: 'resend'; target: number }
  | { do: 'edit'; target: number; mark: string; prompt: string }
  | { do: 'move'; target: number; place: number; priority: Priority | null }
  | { do: 'cancel'; target: number }
  | { do: 'interrupt'; session: number; cancelQueued: boolean }
  | { do: 'answer'; session: number; decision: 'allow' | 'deny'; scope: 'once' | 'session'; copies: number }
  | { do: 'update'; session: number; title: string }
  | { do: 'fork'; session: number; share: number }
  | { do: 'leave'; client: number; session: number };

/** What goes wrong. */
export type Fault =
  | { fault: 'kill-server'; pauseMs: number }
  | { fault: 'stop-server' }
  | { fault: 'cut'; client: number }
  | { fault: 'half-open'; client: number }
  | { fault: 'freeze'; client: number; forMs: number }
  | { fault: 'disk-full'; forMs: number }
  | { fault: 'write-errors'; forMs: number }
  | { fault: 'read-errors'; forMs: number }
  | { fault: 'clock'; byMs: number }
  | { fault: 'kill-database'; pauseMs: number }
  | { fault: 'stop-database' }
  | { fault: 'freeze-database'; forMs: number }
  | { fault: 'kill-agent'; target: number }
  | { fault: 'freeze-agent'; target: number; forMs: number };

export type PlannedStep = { waitMs: number } & (Action | Fault);

const ACTIONS: Readonly<Record<Action['do'], number>> = {
  send: 50,
  resend: 6,
  edit: 5,
  move: 4,
  cancel: 5,
  interrupt: 9,
  answer: 14,
  update: 3,
  fork: 2,
  leave: 4,
};
const FAULTS: Readonly<
  Record<Exclude<Fault['fault'], keyof typeof AGENT_FAULTS | keyof typeof DATABASE_FAULTS>, number>
> = {
  'kill-server': 4,
  'stop-server': 2,
  cut: 6,
  'half-open': 4,
  freeze: 5,
  'disk-full': 3,
  'write-errors': 3,
  'read-errors': 3,
  clock: 3,
};
/** In the place of a disk that fails under the server's own file. */
const DATABASE_FAULTS = { 'kill-database': 4, 'stop-database': 3, 'freeze-database': 4 };
const NO_DISK_FAULTS = { 'disk-full': 0, 'write-errors': 0, 'read-errors': 0 };
const AGENT_FAULTS = { 'kill-agent': 6, 'freeze-agent': 5 };
const FAULT_SHARE = 0.22;
const HOUR_MS = 3_600_000;

/** The whole run as it follows from its seed. */
export function planRun(
  seed: number,
  agent: AgentName,
  steps: number,
  database: DatabaseName = 'sqlite',
): PlannedStep[] {
  const random = new Seeded(seed);
  return Array.from({ length: steps }, (_, index) => {
    const waitMs = random.chance(0.3) ? 0 : random.integer(5, agent === 'claude' ? 250 : 90);
    const step = random.chance(FAULT_SHARE)
      ? planFault(random, agent, database)
      : planAction(random, agent, `m${index}`);
    return { waitMs, ...step };
  });
}

function planAction(random: Seeded, agent: AgentName, mark: string): Action {
  const any = (): number => random.integer(0, 999);
  const name = random.weighted(ACTIONS);
  switch (name) {
    case 'send':
      return {
        do: name,
        session: any(),
        way: random.pick<Way>(['http', 'socket', 'sdk']),
        mark: `<${mark}>`,
        prompt: promptWith(random, `<${mark}>`, agent),
        priority: random.weighted({ next: 5, later: 3, now: 2 }),
        copies: random.chance(0.15) ? 2 : 1,
        keyed: random.chance(0.8),
      };
    case 'resend':
    case 'cancel':
      return { do: name, target: any() };
    case 'edit':
      return { do: name, target: any(), mark: `<${mark}>`, prompt: promptWith(random, `<${mark}>`, agent) };
    case 'move':
      return {
        do: name,
        target: any(),
        place: random.integer(0, 3),
        priority: random.chance(0.3) ? random.weighted({ next: 1, later: 1, now: 1 }) : null,
      };
    case 'interrupt':
      return { do: name, session: any(), cancelQueued: random.chance(0.2) };
    case 'answer':
      return {
        do: name,
        session: any(),
        decision: random.chance(0.7) ? 'allow' : 'deny',
        scope: random.chance(0.2) ? 'session' : 'once',
        copies: random.chance(0.3) ? 2 : 1,
      };
    case 'update':
      return { do: name, session: any(), title: `title ${mark}` };
    case 'fork':
      return { do: name, session: any(), share: random.next() };
    case 'leave':
      return { do: name, client: any(), session: any() };
  }
}

function planFault(random: Seeded, agent: AgentName, database: DatabaseName): Fault {
  const any = (): number => random.integer(0, 999);
  const name = random.weighted({
    ...FAULTS,
    ...(agent === 'claude' ? AGENT_FAULTS : noAgentFaults),
    ...(database === 'postgres' ? { ...NO_DISK_FAULTS, ...DATABASE_FAULTS } : noDatabaseFaults),
  });
  switch (name) {
    case 'kill-server':
      return { fault: name, pauseMs: random.chance(0.5) ? 0 : random.integer(0, 300) };
    case 'stop-server':
      return { fault: name };
    case 'cut':
    case 'half-open':
      return { fault: name, client: any() };
    case 'freeze':
      return { fault: name, client: any(), forMs: random.integer(50, 1_500) };
    case 'disk-full':
    case 'write-errors':
    case 'read-errors':
      return { fault: name, forMs: random.integer(20, 600) };
    case 'clock':
      return { fault: name, byMs: random.pick([-24 * HOUR_MS, -HOUR_MS, -5_000, 5_000, HOUR_MS, 24 * HOUR_MS]) };
    case 'kill-database':
      return { fault: name, pauseMs: random.chance(0.5) ? 0 : random.integer(0, 1_000) };
    case 'stop-database':
      return { fault: name };
    case 'freeze-database':
      return { fault: name, forMs: random.integer(50, 3_000) };
    case 'kill-agent':
      return { fault: name, target: any() };
    case 'freeze-agent':
      return { fault: name, target: any(), forMs: random.integer(100, 4_000) };
  }
}

const noAgentFaults = { 'kill-agent': 0, 'freeze-agent': 0 };
const noDatabaseFaults = { 'kill-database': 0, 'stop-database': 0, 'freeze-database': 0 };
