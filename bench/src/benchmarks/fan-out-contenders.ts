import { HearthServer, TOKEN } from '../hearth-server.ts';
import { nowUs } from '../measure/clock.ts';
import { processCpuMs } from '../measure/machine.ts';
import type { Role } from '../role.ts';
import type { Pace } from '../roles/broadcast.ts';
import type { Received, SwarmTarget } from '../roles/swarm.ts';
import { stamps } from '../scripted-sessions.ts';
import { CLIENT_CORE, SERVER_CORE } from '../workplace.ts';
import type { Workplace } from '../workplace.ts';

/** The one that does as little as the promise allows. */
export const FLOOR = 'plain ws that stores first';

/** Somebody who sends one stream of events to many clients, on one core, the clients on another. */
export interface Contender {
  name: string;
  /** Opens so many clients in a process of their own. */
  join(clients: number): Promise<void>;
  leave(): Promise<void>;
  /** Sends a stream, and waits until each client has all of it. */
  play(pace: Pace): Promise<Played>;
}

export interface Played extends Received {
  /** From the start of the stream to the last client's last event. */
  durationMs: number;
  serverCpuMs: number;
}

export async function hearthContender(workplace: Workplace): Promise<Contender> {
  const server = await HearthServer.start(workplace, { name: 'hearth', core: SERVER_CORE });
  const client = await server.client();
  const { id } = await client.call<{ id: string }>('session.create', { agent: 'scripted' });
  const swarm = await workplace.role('swarm', { core: CLIENT_CORE });
  const target: SwarmTarget = { kind: 'hearth', url: server.url, token: TOKEN, sessionIds: [id] };
  return {
    name: 'Hearth',
    join: (clients) => swarm.call('join', target, clients),
    leave: () => swarm.call('leave'),
    play: (pace) =>
      played(swarm, server.pid, pace, () => client.call('message.send', { sessionId: id, content: stamps(pace) })),
  };
}

/** @param stores whether it stores each event before it sends it */
export async function plainContender(workplace: Workplace, stores = false): Promise<Contender> {
  const server = await workplace.role('plain-ws', { core: SERVER_CORE });
  const file = stores ? [`${workplace.subfolder('plain-ws')}/events.db`] : [];
  const url = await server.call<string>('listen', ...file);
  return byRole(stores ? FLOOR : 'plain ws', workplace, server, { kind: 'plain-ws', url });
}

export async function socketIoContender(workplace: Workplace, recovery: boolean): Promise<Contender> {
  const server = await workplace.role('socket-io', { core: SERVER_CORE });
  const url = await server.call<string>('listen', recovery);
  return byRole(recovery ? 'socket.io with recovery' : 'socket.io', workplace, server, { kind: 'socket-io', url });
}

async function byRole(name: string, workplace: Workplace, server: Role, target: SwarmTarget): Promise<Contender> {
  const swarm = await workplace.role('swarm', { core: CLIENT_CORE });
  return {
    name,
    join: (clients) => swarm.call('join', target, clients),
    leave: () => swarm.call('leave'),
    play: (pace) => played(swarm, server.pid, pace, () => server.call('toAll', pace)),
  };
}

async function played(swarm: Role, pid: number, pace: Pace, send: () => Promise<unknown>): Promise<Played> {
  await swarm.call('reset');
  const cpu = processCpuMs(pid);
  const began = nowUs();
  const sent = send();
  const received = await swarm.call<Received>('received', pace.count);
  await sent;
  return { ...received, durationMs: (received.lastAtUs - began) / 1000, serverCpuMs: processCpuMs(pid) - cpu };
}
