import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

/** Stands between a store and its database, and loses what the test wants lost. */
export interface TcpRelay {
  readonly port: number;
  /** Connections that were made. */
  readonly connections: number;
  /**
   * The next requests of this text reach the database, and their answers do not come back: the connections break instead, when
   * all of them are answered.
   * @param times how many; default: one
   * @returns when that has happened
   */
  loseAnswerTo(text: string, times?: number): Promise<void>;
  /** The next request of this text is held back while its connection breaks for whoever sent it. */
  holdRequest(text: string): HeldRequest;
  /**
   * The next connection is told in the same breath that it is ready and that the database ends.
   * @returns when that has happened
   */
  endNextConnection(): Promise<void>;
  /** The next connection is told that it is ready, and then nothing more. */
  stallNextConnection(): void;
  close(): Promise<void>;
}

export interface HeldRequest {
  /** Resolves when there is one. */
  readonly held: Promise<void>;
  /** Lets it through, and resolves when the database has answered to nobody. */
  deliver(): Promise<void>;
}

const READY = Buffer.from('Z\0\0\0\u0005I');
const ENDING = errorMessage({ S: 'FATAL', C: '57P01', M: 'terminating connection due to unexpected postmaster exit' });

export async function startRelay(target: { host: string; port: number }): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let watched: { text: string; left: number; lose: (client: Socket) => void } | null = null;
  let wanted: { text: string; take: (data: Buffer, database: Socket) => void } | null = null;
  let ending: (() => void) | null = null;
  let isStalling = false;
  const server = createServer((client) => {
    connections += 1;
    const database = connect(target.port, target.host);
    let losing: ((client: Socket) => void) | null = null;
    let isHeld = false;
    let isStalled = false;
    client.on('data', (data: Buffer) => {
      if (wanted !== null && data.includes(wanted.text)) {
        isHeld = true;
        wanted.take(data, database);
        wanted = null;
        client.destroy();
        return;
      }
      if (watched !== null && data.includes(watched.text)) {
        losing = watched.lose;
        watched.left -= 1;
        if (watched.left === 0) watched = null;
      }
      database.write(data);
    });
    database.on('data', (data: Buffer) => {
      if (ending !== null && data.includes(READY)) {
        client.end(Buffer.concat([data, ENDING]));
        ending();
        ending = null;
        return;
      }
      if (losing === null) {
        if (!isHeld && !isStalled) client.write(data);
        if (!isStalling || !data.includes(READY)) return;
        isStalling = false;
        isStalled = true;
        return;
      }
      losing(client);
      losing = null;
    });
    for (const [socket, other] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        if (!isHeld) other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    get connections() {
      return connections;
    },
    loseAnswerTo: (text, times = 1) =>
      new Promise((resolve) => {
        const answered: Socket[] = [];
        const lose = (client: Socket): void => {
          answered.push(client);
          if (answered.length < times) return;
          for (const each of answered) each.destroy();
          resolve();
        };
        watched = { text, left: times, lose };
      }),
    endNextConnection: () =>
      new Promise((resolve) => {
        ending = resolve;
      }),
    stallNextConnection: () => {
      isStalling = true;
    },
    holdRequest: (text) => {
      let deliver = (): void => {};
      let answered: Promise<void> = Promise.resolve();
      const held = new Promise<void>((resolve) => {
        wanted = {
          text,
          take: (data, database) => {
            answered = new Promise((done) => {
              database.once('data', () => done());
            });
            deliver = () => database.write(data);
            resolve();
          },
        };
      });
      return {
        held,
        deliver: async () => {
          deliver();
          await answered;
        },
      };
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** An ErrorResponse of PostgreSQL's protocol. */
function errorMessage(fields: Readonly<Record<string, string>>): Buffer {
  const body = Buffer.from(
    `${Object.entries(fields)
      .map(([type, value]) => `${type}${value}\0`)
      .join('')}\0`,
  );
  const head = Buffer.from('E\0\0\0\0');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
