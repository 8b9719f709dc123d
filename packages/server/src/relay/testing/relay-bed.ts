import { FakeClock, startMessagesApi } from '@hearth/testkit';
import type { MessagesApi, RecordedRequest, Reply } from '@hearth/testkit';
import { DEFAULT_RETRY_POLICY } from '../../retry/pace.ts';
import { silentLog } from '../../telemetry/log.ts';
import type { LaneEvent, LaneSession, RelayPolicy } from '../lane.ts';
import { Relay } from '../relay.ts';
import type { RelayAddress } from '../relay.ts';
import { memoryAccounts } from './memory-accounts.ts';
import type { MemoryAccounts, TestAccount } from './memory-accounts.ts';

/** For tests: the relay before a scripted model API on loopback, with accounts in memory and a clock that tests move. */
export interface RelayBed {
  readonly api: MessagesApi;
  readonly clock: FakeClock;
  readonly relay: Relay;
  readonly accounts: MemoryAccounts;
  /** Opens a lane and keeps what it tells. */
  lane(session?: Partial<LaneSession>): Promise<RelayAddress & { told: LaneEvent[] }>;
  /** By the key with which a request comes. */
  answer(script: (key: string, request: RecordedRequest) => Reply | undefined): void;
  close(): Promise<void>;
}

export async function startRelayBed(
  given: Record<string, TestAccount>,
  policy: Partial<RelayPolicy> = {},
  /** Another model API than the scripted one. */
  apiUrl?: string,
): Promise<RelayBed> {
  const api = await startMessagesApi();
  const clock = new FakeClock();
  const memory = memoryAccounts(given, apiUrl ?? api.url);
  const relay = new Relay({
    accounts: memory,
    policy: {
      selection: 'priority',
      avoidAbove: 0.98,
      retry: { ...DEFAULT_RETRY_POLICY, jitter: 0 },
      waitForResetMs: 0,
      ...policy,
    },
    clock,
    log: silentLog(),
    random: () => 0.5,
  });
  return {
    api,
    clock,
    relay,
    accounts: memory,
    async lane(session = {}) {
      const told: LaneEvent[] = [];
      const address = await relay.open({
        sessionId: 'session-1',
        agent: 'claude',
        pinned: null,
        current: null,
        emit: (event) => told.push(event),
        allow: () => null,
        ...session,
      });
      return { ...address, told };
    },
    answer: (script) => api.setScript((request) => script(request.apiKey ?? '', request)),
    async close() {
      await relay.close();
      await api.close();
    },
  };
}

/** Asks the model as an agent does. */
export function ask(
  { url, lane }: RelayAddress,
  text: string,
  options: {
    stream?: boolean;
    signal?: AbortSignal;
    model?: string;
    headers?: Record<string, string>;
    path?: string;
  } = {},
): Promise<Response> {
  const { stream = true, model = 'claude-sonnet-4-5', headers = {}, path = '/v1/messages', signal } = options;
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: {
      'x-api-key': lane.token,
      'anthropic-version': '2023-06-01',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify({ model, max_tokens: 100, stream, messages: [{ role: 'user', content: text }] }),
    ...(signal === undefined ? {} : { signal }),
  });
}
