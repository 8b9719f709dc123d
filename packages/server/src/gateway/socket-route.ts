import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import websocket from '@fastify/websocket';
import { CLOSE_CODES, HearthError, MAX_FRAME_BYTES, SUBPROTOCOL } from '@hearth/protocol';
import type { FastifyInstance } from 'fastify';
import type { WebSocket } from 'ws';
import type { Accounts } from '../account/accounts.ts';
import type { Auth } from '../auth/auth.ts';
import type { Connection, ConnectionLimits } from '../connection/connection.ts';
import type { Operations } from '../connection/operations.ts';
import { connectWebSocket } from '../connection/websocket.ts';
import type { Sessions } from '../router/sessions.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** How long clients may take to say goodbye when the server goes. */
const GOODBYE_MS = 1_000;

export interface WebSocketOptions {
  sessions: Sessions;
  operations: Operations;
  auth: Auth;
  accounts: Accounts;
  log: Log;
  metrics: Metrics;
  limits: Partial<ConnectionLimits>;
}

/** Nobody reads from a socket that is to be upgraded, so that it would neither end nor let the server end. */
function turnAway(_request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => socket.destroy());
  socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n', () => socket.destroy());
}

/** Teaches the app WebSockets; the route is added once the hooks that guard it stand. */
export async function addWebSocket(
  app: FastifyInstance,
  { limits, ...options }: WebSocketOptions,
): Promise<{ addRoute(): void }> {
  const open = new Map<WebSocket, Connection>();
  await app.register(websocket, {
    options: {
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
      handleProtocols: (offered: Set<string>) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    },
    preClose: (done) => {
      app.server.removeAllListeners('upgrade').on('upgrade', turnAway);
      for (const connection of open.values()) connection.close(CLOSE_CODES.goingAway, 'the server is going away');
      setTimeout(() => {
        for (const socket of open.keys()) socket.terminate();
      }, GOODBYE_MS).unref();
      done();
    },
    errorHandler: (error, socket) => {
      options.log.debug({ err: error }, 'a WebSocket broke');
      // One that breaks a rule, as by a frame that is too large, is being closed with its code already.
      if (socket.readyState === socket.OPEN) socket.terminate();
    },
  });
  const addRoute = () => {
    app.route({
      method: 'GET',
      url: '/v1/ws',
      exposeHeadRoute: false,
      config: { access: 'websocket' },
      handler: () => {
        throw new HearthError('invalid_request', 'This is the WebSocket; a plain request can do nothing here.', {
          hint: `Connect with a WebSocket client and the subprotocol ${SUBPROTOCOL}.`,
        });
      },
      wsHandler: (socket, request) => {
        open.set(
          socket,
          connectWebSocket(socket, request.raw.socket, { ...options, identity: request.identity, limits }),
        );
        socket.on('close', () => open.delete(socket));
      },
    });
  };
  return { addRoute };
}
