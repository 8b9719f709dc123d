import { connect } from '../src/index.ts';
import type { ConnectOptions, Hearth } from '../src/index.ts';
import type { FakeServer } from './fake-server.ts';

/** A client of the fake server that tries again almost at once. */
export function openClient(server: FakeServer, options: ConnectOptions = {}): Hearth {
  return connect({
    url: 'http://hearth.test',
    token: server.token,
    WebSocket: server.WebSocket,
    reconnect: { initialDelayMs: 1, maxDelayMs: 3 },
    ...options,
  });
}
