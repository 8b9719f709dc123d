import { HearthError } from '@hearth/protocol/errors';
import type { Backoff } from './backoff.ts';
import { Connection } from './connection.ts';
import { Hearth } from './hearth.ts';
import { HttpReader } from './http-reader.ts';
import type { Liveness } from './link.ts';
import { Listeners, throwLater } from './listeners.ts';
import type { OnError } from './listeners.ts';
import type { ConnectionState } from './state.ts';
import { Transport } from './transport.ts';
import { socketUrl } from './web-socket.ts';
import type { WebSocketConstructor } from './web-socket.ts';

export interface ConnectOptions {
  /** Of the server: `http://127.0.0.1:4640`, with a path when it lies behind one. In a browser: the page's own. */
  url?: string | URL;
  /** An API token. In a browser that is logged in by the cookie none is needed. It never becomes part of a URL. */
  token?: string | undefined;
  /** Default: the runtime's own, else the package `ws`. */
  WebSocket?: WebSocketConstructor;
  /** How long to wait between tries, in ms. Default 250 to 15,000. False: one try, and none after a loss. */
  reconnect?: Partial<Backoff> | false;
  /** How a server that is gone without a word is noticed, in ms. Default: asked after 15,000, given 10,000. */
  liveness?: Partial<Liveness>;
  /** Takes what a listener or an approval handler threw. Default: it is thrown as an uncaught error. */
  onError?: OnError;
}

const BACKOFF: Backoff = { initialDelayMs: 250, maxDelayMs: 15_000 };
const LIVENESS: Liveness = { idleMs: 15_000, timeoutMs: 10_000 };

/**
 * A client of a Hearth server. Returns at once and connects in the background; requests wait until it has.
 * @throws HearthError `invalid_request` when the URL is none
 */
export function connect(options: ConnectOptions = {}): Hearth {
  const base = baseUrl(options.url);
  const onError = options.onError ?? throwLater;
  const states = new Listeners<[ConnectionState]>(onError);
  const connection = new Connection(
    {
      url: socketUrl(base),
      token: options.token,
      WebSocket: options.WebSocket,
      reconnect: options.reconnect === false ? false : { ...BACKOFF, ...options.reconnect },
      liveness: { ...LIVENESS, ...options.liveness },
    },
    {
      state: (state) => states.tell(state),
      live: () => transport.live(),
      down: (error) => transport.down(error),
      event: (event) => transport.event(event),
      heartbeat: (heartbeat) => transport.heartbeat(heartbeat),
      list: (changed) => transport.list(changed),
      accounts: (changed) => transport.accounts(changed),
    },
  );
  const transport = new Transport(connection, onError);
  connection.start();
  const http = new HttpReader(base, () => connection.token);
  return new Hearth(connection, states, { transport, http, onError });
}

function baseUrl(given: string | URL | undefined): URL {
  const text = given ?? (typeof location === 'undefined' ? undefined : location.origin);
  if (text === undefined) throw wrongUrl('There is no url to connect to.');
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw wrongUrl(`${JSON.stringify(text)} is not a URL.`, error);
  }
  if (url.username !== '' || url.password !== '') throw wrongUrl('The url holds a user name or a password.');
  url.protocol = url.protocol.replace(/^ws/, 'http');
  if (!/^https?:$/.test(url.protocol)) throw wrongUrl(`The url begins with ${url.protocol}, which is not http.`);
  url.search = '';
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function wrongUrl(message: string, cause?: unknown): HearthError {
  return new HearthError('invalid_request', message, {
    hint: 'Give the server’s address, as in http://127.0.0.1:4640; a token goes into the option `token`.',
    ...(cause === undefined ? {} : { cause }),
  });
}
