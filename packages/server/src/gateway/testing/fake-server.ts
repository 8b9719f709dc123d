import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Accounts } from '../../account/accounts.ts';
import { testAccounts } from '../../account/testing/test-accounts.ts';
import { Auth } from '../../auth/auth.ts';
import { FakeTokenStore } from '../../auth/testing/fake-token-store.ts';
import { createLog } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import { FakeSessions } from './fake-sessions.ts';
import { createGateway } from '../gateway.ts';
import type { Gateway, GatewayOptions } from '../gateway.ts';

export const OWNER_TOKEN = 'owner-token-of-the-tests';

export interface FakeServer {
  url: string;
  wsUrl: string;
  sessions: FakeSessions;
  auth: Auth;
  accounts: Accounts;
  tokens: FakeTokenStore;
  gateway: Gateway;
  /** Lines of the log, as JSON text. */
  logged: string[];
  /** A request with the owner's token, unless the headers say otherwise. */
  call(path: string, init?: RequestInit & { json?: unknown }): Promise<Response>;
  close(): Promise<void>;
}

/** The real edge on a real port, in front of sessions in memory; for tests. */
export async function startFakeServer(options: Partial<GatewayOptions> = {}): Promise<FakeServer> {
  const sessions = new FakeSessions();
  const tokens = new FakeTokenStore();
  const logged: string[] = [];
  const log = createLog({ level: 'trace', destination: { write: (line) => void logged.push(line) } });
  const auth = new Auth({ ownerToken: OWNER_TOKEN, tokens, log });
  const { accounts, close: closeAccounts } = await testAccounts(log);
  const gateway = await createGateway({
    sessions,
    auth,
    accounts,
    config: { host: '127.0.0.1', port: 0, allowedHosts: [] },
    log,
    metrics: new Metrics(),
    readiness: async () => ({ ready: true }),
    version: '0.0.0',
    ...options,
  });
  const url = await gateway.listen();
  return {
    url,
    wsUrl: `${url.replace('http', 'ws')}/v1/ws`,
    sessions,
    auth,
    accounts,
    tokens,
    gateway,
    logged,
    call: async (path, { json, ...init } = {}) => {
      const headers = new Headers({ authorization: `Bearer ${OWNER_TOKEN}` });
      if (json !== undefined) headers.set('content-type', 'application/json');
      for (const [name, value] of new Headers(init.headers)) headers.set(name, value);
      const body = json === undefined ? {} : { body: JSON.stringify(json) };
      return await fetch(`${url}${path}`, { redirect: 'manual', ...body, ...init, headers });
    },
    close: async () => {
      await gateway.close();
      await closeAccounts();
    },
  };
}

/** A request with exactly these headers, also such that `fetch` would not send. */
export async function rawRequest(
  url: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: OutgoingHttpHeaders; body?: string } = {},
): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
  const outgoing = request(url, { method, headers, agent: false });
  outgoing.end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, text: await text(response) };
}
