import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';

/** Instead of tokens: a status with an error, a broken connection, or an answer that is none. */
export type TokenFailure = { status: number; body?: unknown } | 'cut' | 'nonsense';

export interface TokenEndpointOptions {
  /** Refresh tokens that it knows at first. */
  readonly refreshTokens?: readonly string[];
  /** Seconds that an access token lives; default: 28,800. */
  readonly expiresInSeconds?: number;
  /** Whether a refresh token works once and is replaced; default: true. */
  readonly rotates?: boolean;
  /** What the tokens that it makes begin with. Default: `made-up-`. */
  readonly prefix?: string;
}

/** A running scripted OAuth token endpoint. */
export interface TokenEndpoint {
  readonly url: string;
  /** Bodies of all requests, in order. */
  readonly requests: readonly Readonly<Record<string, unknown>>[];
  /** Access tokens that it gave, in order. */
  readonly given: readonly string[];
  /** The next requests fail so, one each, before anything else. */
  fail(...failures: readonly TokenFailure[]): void;
  /** Holds answers back until what it gives is called. */
  hold(): () => void;
  /** Makes a refresh token void, as when somebody logs out. */
  revoke(refreshToken: string): void;
  close(): Promise<void>;
}

/**
 * Starts a scripted OAuth token endpoint on loopback: JSON `{grant_type: "refresh_token", refresh_token, client_id}` is
 * answered with new tokens, and a refresh token that is not known, or was used, with `invalid_grant`.
 */
export async function startTokenEndpoint(options: TokenEndpointOptions = {}): Promise<TokenEndpoint> {
  const { refreshTokens = [], expiresInSeconds = 28_800, rotates = true, prefix = 'made-up-' } = options;
  const valid = new Set(refreshTokens);
  const requests: Record<string, unknown>[] = [];
  const given: string[] = [];
  const failures: TokenFailure[] = [];
  let held: Promise<void> = Promise.resolve();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = JSON.parse(await text(request)) as Record<string, unknown>;
    requests.push(body);
    await held;
    const failure = failures.shift();
    if (failure === 'cut') return void request.socket.destroy();
    if (failure === 'nonsense') return void response.writeHead(200).end('<html>');
    if (failure !== undefined)
      return send(response, failure.status, failure.body ?? { error: 'temporarily_unavailable' });
    const { grant_type: grantType, refresh_token: refreshToken, client_id: clientId } = body;
    if (grantType !== 'refresh_token' || typeof clientId !== 'string')
      return send(response, 400, { error: 'invalid_request' });
    if (typeof refreshToken !== 'string' || !valid.has(refreshToken)) {
      return send(response, 400, { error: 'invalid_grant', error_description: 'Refresh token not found or invalid' });
    }
    const number = given.length + 1;
    const accessToken = `${prefix}access-${number}`;
    given.push(accessToken);
    const tokens = { token_type: 'Bearer', access_token: accessToken, expires_in: expiresInSeconds };
    if (!rotates) return send(response, 200, tokens);
    valid.delete(refreshToken);
    const next = `${prefix}refresh-${number}`;
    valid.add(next);
    return send(response, 200, { ...tokens, refresh_token: next });
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
  return {
    url: `http://127.0.0.1:${address.port}/v1/oauth/token`,
    requests,
    given,
    fail: (...next) => void failures.push(...next),
    hold: () => {
      let release = (): void => undefined;
      held = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    revoke: (refreshToken) => void valid.delete(refreshToken),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
