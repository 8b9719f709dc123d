import { Histogram } from '../measure/histogram.ts';
import { serveRole } from '../role.ts';
import { HearthClient } from '../wire/hearth-client.ts';
import { SocketIoClient } from '../wire/socket-io-client.ts';
import { WireSocket } from '../wire/socket.ts';
import { StampCounter } from '../wire/stamps.ts';

/** Whom the clients talk to. */
export type SwarmTarget =
  | { kind: 'hearth'; url: string; token: string; sessionIds: string[] }
  | { kind: 'plain-ws'; url: string }
  | { kind: 'socket-io'; url: string };

/** What the clients got. Ages are the time from where a delta was made to where its client has it. */
export interface Received {
  /** Stamps that all clients together were given. */
  stamps: number;
  bytes: number;
  /** When the last client had its last one, in µs since 1970. */
  lastAtUs: number;
  medianMs: number;
  p99Ms: number;
  /** Stamps per second that a client was given from its first to its last one; the mean of all. */
  rate: number;
}

const IDLE_MS = 8_000;
/** Sockets that are opened at once. */
const OPENING = 50;

interface Member {
  counter: StampCounter;
  leave(): void;
}

/** Only deltas that were due then count for the ages; in µs since 1970. */
let counted = { fromUs: 0, toUs: Infinity };
let latencies = new Histogram();
let members: Member[] = [];
let bytes = 0;

/** Opens so many clients; with several sessions each client watches the next one. */
async function join(target: SwarmTarget, clients: number): Promise<void> {
  for (let from = 0; from < clients; from += OPENING) {
    const some = Array.from({ length: Math.min(OPENING, clients - from) }, (_, index) => open(target, from + index));
    members.push(...(await Promise.all(some)));
  }
}

async function open(target: SwarmTarget, index: number): Promise<Member> {
  // Its own histogram per measurement: the counter asks for the present one.
  const counter = new StampCounter((us, stampUs) => {
    if (stampUs >= counted.fromUs && stampUs < counted.toUs) latencies.add(us);
  });
  const take = (payload: Buffer): void => {
    bytes += payload.length;
    counter.take(payload);
  };
  switch (target.kind) {
    case 'hearth': {
      const client = await HearthClient.open(target.url, target.token);
      client.onNotification = take;
      const sessionId = target.sessionIds[index % target.sessionIds.length];
      await client.call('session.subscribe', { sessionId, after: -1 });
      return { counter, leave: () => client.close() };
    }
    case 'plain-ws': {
      const socket = await WireSocket.open({ url: target.url, path: '/' });
      socket.onText = take;
      return { counter, leave: () => socket.cut() };
    }
    case 'socket-io': {
      const client = await SocketIoClient.open(target.url);
      client.onEvent = take;
      return { counter, leave: () => client.close() };
    }
  }
}

/**
 * Forgets what was counted so far, and collects its garbage.
 * @param times between which a delta must be due to count for the ages; default: all count
 */
function reset(times = { fromUs: 0, toUs: Infinity }): void {
  counted = times;
  latencies = new Histogram();
  bytes = 0;
  for (const { counter } of members) counter.reset();
  globalThis.gc?.();
}

/** Resolves when each client has so many stamps, or when nothing has come for a while. */
async function received(perClient: number): Promise<Received> {
  let before = -1;
  let quietMs = 0;
  const stepMs = 20;
  for (;;) {
    const stamps = members.reduce((sum, { counter }) => sum + counter.count, 0);
    quietMs = stamps === before ? quietMs + stepMs : 0;
    before = stamps;
    if (quietMs >= IDLE_MS || members.every(({ counter }) => counter.count >= perClient)) {
      const lastAtUs = members.reduce((last, { counter }) => Math.max(last, counter.lastAtUs), 0);
      const rate = members.reduce((sum, { counter }) => sum + rateOf(counter), 0) / members.length;
      const [medianMs, p99Ms] = [latencies.quantileMs(0.5), latencies.quantileMs(0.99)];
      return { stamps, bytes, lastAtUs, medianMs, p99Ms, rate };
    }
    await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
}

function rateOf({ count, firstAtUs, lastAtUs }: StampCounter): number {
  return count < 2 ? 0 : ((count - 1) / (lastAtUs - firstAtUs)) * 1e6;
}

function leave(): void {
  for (const member of members) member.leave();
  members = [];
}

serveRole({ join, reset, received, leave });
