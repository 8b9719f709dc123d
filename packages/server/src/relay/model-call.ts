import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccountHealth } from '../account/health.ts';
import type { Credentials } from '../account/secrets.ts';
import type { Candidate } from '../account/select.ts';
import { withWindows } from '../account/windows.ts';
import { classify } from '../retry/failure.ts';
import type { Failure } from '../retry/failure.ts';
import { retryDelay } from '../retry/pace.ts';
import { readRateLimits } from '../retry/rate-limits.ts';
import { errorType, passedOn, readError, textOf } from './answer.ts';
import { chooseAccount } from './choice.ts';
import type { ChoiceParts } from './choice.ts';
import { CallUsageReader } from './call-usage.ts';
import { DEFAULT_BASE_URL, withCredentials } from './credentials.ts';
import { retryError } from './lane.ts';
import type { Lane } from './lane.ts';
import type { Ramp } from './ramp.ts';
import { pause } from './pause.ts';
import { urlAt } from './target.ts';
import type { Target } from './target.ts';
import type { Upstream, UpstreamAnswer } from './upstream.ts';
import { refusal, verdict } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** A spent account whose provider names no time is looked at again after this. */
const RESET_UNKNOWN_MS = 15 * 60_000;
/** One whose reset is past by our clock, and not by the provider's, is left alone for this. */
const RESET_PAST_MS = 30_000;
/** A token that ends within this time is renewed before it is used. */
const RENEW_BEFORE_MS = 60_000;
/** A reset is a moment of the world's: the clock may be set meanwhile, and the machine may sleep. */
const LOOK_AGAIN_MS = 60_000;

export interface CallParts extends ChoiceParts {
  upstream: Upstream;
  /** From 0 (inclusive) to 1 (exclusive). */
  random: () => number;
  rampOf: (accountId: string) => Ramp;
}

/** What an agent asks of the model API. */
export interface AgentRequest {
  request: IncomingMessage;
  response: ServerResponse;
  target: Target;
  body: Buffer;
  model: string | undefined;
  /** Aborted when the agent does not wait for the answer any more. */
  gone: AbortSignal;
}

type Attempt =
  | { type: 'passed' }
  | {
      type: 'failed';
      failure: Failure;
      status: number | null;
      answer: UpstreamAnswer | null;
      body: Buffer;
      used: Credentials;
    };

/** One call of the model: with whichever account can make it, as often as it takes. */
export class ModelCall {
  readonly #lane: Lane;
  readonly #asked: AgentRequest;
  readonly #parts: CallParts;
  #paced = 0;
  #rotations = 0;
  /** Accounts whose token was renewed for this call already. */
  readonly #renewed = new Set<string>();

  constructor(lane: Lane, asked: AgentRequest, parts: CallParts) {
    this.#lane = lane;
    this.#asked = asked;
    this.#parts = parts;
  }

  /** @throws Error when the agent has gone away */
  async run(): Promise<void> {
    const { gone } = this.#asked;
    for (;;) {
      gone.throwIfAborted();
      const account = await this.#account();
      if (account === null) return;
      const refused = this.#lane.session.allow(account.id);
      if (refused !== null) {
        this.#reject(refusal(refused));
        return;
      }
      const attempt = await this.#attempt(account);
      if (attempt.type === 'passed') return;
      const goesOn = await this.#afterFailure(account, attempt);
      if (!goesOn) return;
    }
  }

  /** The account for the next attempt, when there is one; null: the call is at its end. */
  async #account(): Promise<Candidate | null> {
    const { clock, policy, lastChosen } = this.#parts;
    const lane = this.#lane;
    let told: number | null = null;
    for (;;) {
      const now = clock.now();
      const choice = chooseAccount(this.#parts, lane.session, this.#asked.model);
      switch (choice.type) {
        case 'account':
          if (choice.reason !== 'kept') lastChosen.id = choice.candidate.id;
          lane.uses(choice.candidate, choice.reason);
          return choice.candidate;
        case 'none':
          this.#reject(verdict(choice.code, choice.message));
          return null;
        case 'spent': {
          const until = choice.untilMs;
          if (until === null || until - now > policy.waitForResetMs) {
            this.#reject(verdict('account_exhausted', spentMessage(until), 429));
            return null;
          }
          if (told !== until) this.#tellOfReset(until - now);
          told = until;
          await this.#untilChange(until - now);
        }
      }
    }
  }

  #tellOfReset(delayMs: number): void {
    const error = { code: 'account_exhausted' as const, status: 429 };
    this.#lane.session.emit({ type: 'retry.scheduled', attempt: 1, maxAttempts: 1, delayMs, error, forReset: true });
  }

  /** A reset may come early: somebody adds an account, or mends one. */
  async #untilChange(delayMs: number): Promise<void> {
    const { accounts, clock } = this.#parts;
    const { gone } = this.#asked;
    const changed = new AbortController();
    const stop = accounts.watch(() => changed.abort());
    try {
      await pause(clock, Math.min(delayMs, LOOK_AGAIN_MS), AbortSignal.any([gone, changed.signal]));
    } finally {
      stop();
    }
    gone.throwIfAborted();
  }

  async #attempt(account: Candidate): Promise<Attempt> {
    const { clock, rampOf } = this.#parts;
    const ramp = rampOf(account.id);
    const used = await this.#credentials(account);
    const patience = setInterval(() => this.#lane.session.emit({ type: 'activity' }), 15_000);
    let inside = false;
    const leave = (how: 'answered' | 'too_fast' | 'failed'): void => {
      if (inside) ramp.leave(how);
      inside = false;
    };
    try {
      await ramp.enter(this.#asked.gone);
      inside = true;
      const answer = await this.#ask(used);
      if (answer === null) {
        leave('failed');
        const failure = classify({ status: null, headers: {} }, clock.now());
        return { type: 'failed', failure, status: null, answer, body: Buffer.alloc(0), used };
      }
      this.#note(account, answer);
      if (answer.status < 400) {
        leave('answered');
        clearInterval(patience);
        await this.#pass(account, answer);
        return { type: 'passed' };
      }
      const body = await readError(answer, clock);
      const failure = classify({ status: answer.status, type: errorType(body), headers: answer.headers }, clock.now());
      leave(failure.type === 'pace' ? 'too_fast' : 'failed');
      return { type: 'failed', failure, status: answer.status, answer, body, used };
    } finally {
      clearInterval(patience);
      leave('failed');
    }
  }

  /** A token that is about to end is renewed first; when that cannot be done now, the old one may still be good. */
  async #credentials({ id }: Candidate): Promise<Credentials> {
    const { accounts, clock } = this.#parts;
    const found = accounts.credentials(id);
    if (found.kind !== 'oauth' || found.refreshToken === undefined) return found;
    if ((found.expiresAtMs ?? Infinity) > clock.now() + RENEW_BEFORE_MS) return found;
    await accounts.refresh(id, found.accessToken);
    return accounts.credentials(id);
  }

  async #ask(credentials: Credentials): Promise<UpstreamAnswer | null> {
    const { request, target, body, gone } = this.#asked;
    const base = credentials.baseUrl ?? DEFAULT_BASE_URL;
    const headers = withCredentials(request.headers, credentials);
    try {
      const url = urlAt(base, target);
      return await this.#parts.upstream.ask({ url, method: request.method ?? 'GET', headers, body, gone });
    } catch {
      gone.throwIfAborted();
      return null;
    }
  }

  /** What any answer says of the account. */
  #note(account: Candidate, answer: UpstreamAnswer): void {
    const now = this.#parts.clock.now();
    const { windows } = readRateLimits(answer.headers, now);
    this.#record(account, (health) => ({ ...withWindows(health, windows, now), lastUsedAtMs: now }));
  }

  #record(account: Candidate, change: (health: AccountHealth) => AccountHealth): void {
    this.#parts.accounts.record(account.id, change);
  }

  /** Hands an answer on as it comes, at the agent's own speed. */
  async #pass(account: Candidate, answer: UpstreamAnswer): Promise<void> {
    const { response, gone } = this.#asked;
    this.#lane.verdict = null;
    const usage = new CallUsageReader(textOf(answer.headers['content-type']));
    response.writeHead(answer.status, passedOn(answer.headers));
    try {
      for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
        usage.push(chunk);
        // Before the agent can be done with it.
        this.#count(account, usage);
        if (!response.write(chunk)) await once(response, 'drain', { signal: gone });
      }
      usage.end();
      this.#count(account, usage);
      response.end();
    } catch {
      usage.breakOff();
      this.#count(account, usage);
      // The agent sees that the answer broke off, as it would without a relay.
      response.destroy();
    }
  }

  #count(account: Candidate, usage: CallUsageReader): void {
    const call = usage.take();
    if (call !== null) this.#lane.session.emit({ type: 'call.counted', accountId: account.id, ...call });
  }

  /** @returns whether the call goes on */
  async #afterFailure(account: Candidate, attempt: Extract<Attempt, { type: 'failed' }>): Promise<boolean> {
    const { failure, status } = attempt;
    switch (failure.type) {
      case 'refused':
        this.#passFailure(attempt);
        return false;
      case 'pace':
        return this.#paceOn(account, failure, status);
      case 'unauthorized':
        return this.#renewOrLeave(account, attempt);
      case 'billing':
        this.#breakAccount(account, failure, `The model API asks for payment (HTTP ${status ?? 402}).`);
        this.#tellOfRotation(account, failure, status);
        return true;
      case 'spent':
        this.#coolDown(account, failure);
        this.#tellOfRotation(account, failure, status);
        return true;
    }
  }

  async #paceOn(
    account: Candidate,
    failure: Extract<Failure, { type: 'pace' }>,
    status: number | null,
  ): Promise<boolean> {
    const { clock, policy, random } = this.#parts;
    const attempt = this.#paced + 1;
    const delayMs = retryDelay(policy.retry, attempt, failure.retryAfterMs, random());
    if (delayMs === null) {
      const said = status === null ? 'cannot be reached' : `answers ${status}`;
      this.#reject(verdict(failure.code, `The model API ${said}, after ${attempt} attempts.`, status));
      return false;
    }
    this.#paced = attempt;
    const maxAttempts = policy.retry.delaysMs.length;
    const error = retryError(failure, status);
    this.#lane.session.emit({ type: 'retry.scheduled', attempt, maxAttempts, delayMs, error, accountId: account.id });
    await pause(clock, delayMs, this.#asked.gone);
    return true;
  }

  async #renewOrLeave(
    account: Candidate,
    { failure, status, used }: Extract<Attempt, { type: 'failed' }>,
  ): Promise<boolean> {
    if (used.kind === 'oauth' && !this.#renewed.has(account.id)) {
      const renewal = await this.#parts.accounts.refresh(account.id, used.accessToken);
      if (renewal === 'refreshed') {
        this.#renewed.add(account.id);
        return true;
      }
      if (renewal === 'unreachable') {
        return this.#paceOn(account, { type: 'pace', code: 'agent_unauthorized' }, status);
      }
    }
    if (this.#hasOthers(account, used)) return true;
    const what = used.kind === 'api_key' ? 'API key' : 'token';
    this.#breakAccount(account, failure, `The model API refused its ${what} (HTTP ${status ?? 401}).`);
    this.#tellOfRotation(account, failure, status);
    return true;
  }

  /** Whether somebody gave the account other secrets while those that were refused were on their way. */
  #hasOthers({ id }: Candidate, used: Credentials): boolean {
    try {
      return secretOf(this.#parts.accounts.credentials(id)) !== secretOf(used);
    } catch {
      // It is gone, or cannot be opened any more.
      return false;
    }
  }

  #breakAccount(account: Candidate, failure: Failure, message: string): void {
    const sinceMs = this.#parts.clock.now();
    this.#record(account, (health) => ({ ...health, problem: { code: failure.code, message, sinceMs } }));
    const text = `The account “${account.label}” is not used any more: ${message}`;
    this.#lane.session.emit({ type: 'notice', level: 'warning', code: 'account_broken', text });
  }

  #coolDown(account: Candidate, { code, untilMs, window }: Extract<Failure, { type: 'spent' }>): void {
    const now = this.#parts.clock.now();
    const until = restsUntil(untilMs, now);
    if (window?.model !== undefined) {
      const spent = { ...window, utilization: 1, resetsAtMs: until };
      this.#record(account, (health) => withWindows(health, [spent], now));
      return;
    }
    const named = window === null ? {} : { window: window.name };
    this.#record(account, (health) => {
      const known =
        window === null ? health : withWindows(health, [{ ...window, utilization: 1, resetsAtMs: until }], now);
      return { ...known, cooldown: { untilMs: until, code, ...named } };
    });
  }

  #tellOfRotation(account: Candidate, failure: Failure, status: number | null): void {
    this.#rotations += 1;
    const others = this.#parts.accounts.candidates(this.#lane.agent).length;
    const maxAttempts = Math.max(this.#rotations, others - 1);
    const error = retryError(failure, status);
    this.#lane.session.emit({
      type: 'retry.scheduled',
      attempt: this.#rotations,
      maxAttempts,
      delayMs: 0,
      error,
      accountId: account.id,
    });
  }

  #passFailure({ answer, body }: Extract<Attempt, { type: 'failed' }>): void {
    const { response } = this.#asked;
    this.#lane.verdict = null;
    response.writeHead(answer?.status ?? 502, passedOn(answer?.headers ?? {}));
    response.end(body);
  }

  #reject({ status, type, error }: Verdict): void {
    this.#lane.verdict = error;
    const { response } = this.#asked;
    response.writeHead(status, { 'content-type': 'application/json', 'x-should-retry': 'false' });
    response.end(JSON.stringify({ type: 'error', error: { type, message: error.message } }));
  }
}

/** Never now: the next attempt would be the same, at once. */
function restsUntil(untilMs: number | null, nowMs: number): number {
  if (untilMs === null) return nowMs + RESET_UNKNOWN_MS;
  return untilMs > nowMs ? untilMs : nowMs + RESET_PAST_MS;
}

function secretOf(credentials: Credentials): string {
  switch (credentials.kind) {
    case 'api_key':
      return credentials.apiKey;
    case 'oauth':
      return credentials.accessToken;
    case 'gateway':
      return credentials.token;
  }
}

function spentMessage(untilMs: number | null): string {
  if (untilMs === null) return 'Every account that this session may use is spent.';
  return `Every account that this session may use is spent; the first one is back at ${new Date(untilMs).toISOString()}.`;
}
