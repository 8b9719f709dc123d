import type { ErrorCode, RetryError, TurnError } from '@hearth/protocol';
import type { AccountHealth } from '../account/health.ts';
import type { RefreshOutcome } from '../account/oauth-refresh.ts';
import type { Candidate, SelectionPolicy, SelectionReason } from '../account/select.ts';
import type { Credentials } from '../account/secrets.ts';
import type { Failure } from '../retry/failure.ts';
import type { RetryPolicy } from '../retry/pace.ts';
import type { AgentEvent } from '../session/agent-event.ts';

/** The accounts as the relay needs them. */
export interface AccountSource {
  /** Whether an agent has any; then it uses nothing else. */
  has(agent: string): boolean;
  candidates(agent: string): readonly Candidate[];
  /** @throws HearthError when the secret cannot be opened */
  credentials(accountId: string): Credentials;
  /** Changes what is known of how an account is doing. */
  record(accountId: string, change: (health: AccountHealth) => AccountHealth): void;
  /** Gets a new access token in place of one that was refused, or is about to end. */
  refresh(accountId: string, staleAccessToken: string): Promise<RefreshOutcome>;
  /** Calls back when an account was added, changed, or is doing otherwise than before. @returns stops it */
  watch(listener: () => void): () => void;
}

export interface RelayPolicy {
  selection: SelectionPolicy;
  avoidAbove: number;
  retry: RetryPolicy;
  /** How long a call may wait for an account to be usable again, in ms; 0: it fails at once. */
  waitForResetMs: number;
}

/** What a lane tells the session that it serves: as if its agent said it. */
export type LaneEvent = Extract<
  AgentEvent,
  { type: 'account.selected' | 'retry.scheduled' | 'call.counted' | 'notice' | 'activity' }
>;

/** The session that a lane serves. */
export interface LaneSession {
  sessionId: string;
  agent: string;
  /** The user's own choice. */
  pinned: string | null;
  /** What the session used last. */
  current: string | null;
  emit(event: LaneEvent): void;
  /** Asked before each call; an error: it is not made. */
  allow(accountId: string): TurnError | null;
}

/** The way of one agent process to its model API: it knows the session, and with which account it goes on. */
export class Lane {
  /** What the process shows instead of credentials; worthless when the lane is closed. */
  readonly token: string;
  /** Why the relay gave up the last call, in words for the user; null: it did not. */
  verdict: TurnError | null = null;
  #session: LaneSession;
  readonly #closed = new AbortController();

  constructor(token: string, session: LaneSession) {
    this.token = token;
    this.#session = session;
  }

  /** Aborted when the process is gone. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  get agent(): string {
    return this.#session.agent;
  }

  get session(): LaneSession {
    return this.#session;
  }

  /** A process that stood ready serves this session from now on. */
  bind(session: LaneSession): void {
    this.#session = session;
  }

  /** The user's choice of an account holds from the next call on; null: there is none. */
  pin(accountId: string | null): void {
    this.#session = { ...this.#session, pinned: accountId };
  }

  /** Takes note of the account that the session uses now. */
  uses({ id, label }: Candidate, reason: SelectionReason): void {
    const news = this.#session.current !== id;
    this.#session = { ...this.#session, current: id };
    if (news && reason !== 'kept') this.#session.emit({ type: 'account.selected', accountId: id, label, reason });
  }

  close(): void {
    this.#closed.abort();
  }
}

/** How a failure is told to clients. */
export function retryError(failure: Failure, status: number | null): RetryError {
  const code: ErrorCode = failure.code;
  return { code, ...(status === null ? {} : { status }) };
}
