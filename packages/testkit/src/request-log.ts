import type { IncomingHttpHeaders } from 'node:http';
import type { ApiUsage } from './reply.ts';
import type { MessagesRequest } from './messages-request.ts';

/** What became of a request. `deltas` is how many content deltas had been sent. */
export type RequestOutcome =
  | { readonly type: 'pending' }
  | { readonly type: 'answered'; readonly stopReason: string; readonly usage: ApiUsage; readonly deltas: number }
  | { readonly type: 'failed'; readonly status: number; readonly errorType: string; readonly message: string }
  | { readonly type: 'cut'; readonly deltas: number }
  | { readonly type: 'aborted'; readonly deltas: number };

/** One `POST /v1/messages` as the API saw it. */
export interface RecordedRequest {
  /** 1 for the first request since the start or the last reset. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly headers: IncomingHttpHeaders;
  /** The `x-api-key`, else the bearer token. */
  readonly apiKey: string | undefined;
  /** The agent's session, where the client names one (Claude Code does); else the empty string. */
  readonly sessionId: string;
  /** The body; without messages when it was refused as invalid. */
  readonly body: MessagesRequest;
  /** The JSON as it came, also when it was refused. */
  readonly rawBody: unknown;
  /** The user's prompts in order, without reminders; those sent in mid-turn are unwrapped. */
  readonly userTexts: readonly string[];
  /** The last of {@link userTexts}, or the empty string. */
  readonly lastUserText: string;
  /** 0 for the first time this very request comes, 1 for its first retry, … */
  readonly attempt: number;
  /** True for what an agent program asks on the side, e.g. for a title of the conversation. */
  readonly isSideRequest: boolean;
  readonly outcome: RequestOutcome;
}

export type RequestListener = (request: RecordedRequest) => void;

/** The requests in order, at most so many; older ones are dropped first. */
export class RequestLog {
  readonly #limit: number;
  readonly #requests: RecordedRequest[] = [];
  readonly #listeners = { request: new Set<RequestListener>(), outcome: new Set<RequestListener>() };
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get requests(): readonly RecordedRequest[] {
    return this.#requests;
  }

  /** Adds a request and gives the function that sets its outcome. */
  add(request: Omit<RecordedRequest, 'number' | 'outcome'>): {
    recorded: RecordedRequest;
    settle: (outcome: RequestOutcome) => void;
  } {
    this.#count += 1;
    let outcome: RequestOutcome = { type: 'pending' };
    const recorded: RecordedRequest = {
      ...request,
      number: this.#count,
      get outcome() {
        return outcome;
      },
    };
    this.#requests.push(recorded);
    if (this.#requests.length > this.#limit) this.#requests.shift();
    const settle = (settled: RequestOutcome): void => {
      if (outcome.type !== 'pending') return;
      outcome = settled;
      this.#tell('outcome', recorded);
    };
    this.#tell('request', recorded);
    return { recorded, settle };
  }

  /** Calls the listener with each new request, or with each request whose outcome is known. Gives the unsubscribe. */
  on(event: 'request' | 'outcome', listener: RequestListener): () => void {
    this.#listeners[event].add(listener);
    return () => {
      this.#listeners[event].delete(listener);
    };
  }

  /**
   * The first request, past or to come, that matches. It is looked at when it arrives and when its outcome is known.
   *
   * @throws when none matched in `timeoutMs`; the message lists what came instead.
   */
  async waitFor(matches: (request: RecordedRequest) => boolean, timeoutMs: number): Promise<RecordedRequest> {
    const past = this.#requests.find(matches);
    if (past !== undefined) return past;
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        clearTimeout(timer);
        for (const off of offs) off();
      };
      const look = (request: RecordedRequest): void => {
        if (!matches(request)) return;
        stop();
        resolve(request);
      };
      const offs = [this.on('request', look), this.on('outcome', look)];
      const timer = setTimeout(() => {
        stop();
        const seen = this.#requests.map((request) => `${request.lastUserText.slice(0, 60)} (${request.outcome.type})`);
        reject(new Error(`no matching request in ${timeoutMs} ms; seen: ${seen.join(', ') || 'none'}`));
      }, timeoutMs);
    });
  }

  reset(): void {
    this.#requests.length = 0;
    this.#count = 0;
  }

  #tell(event: 'request' | 'outcome', request: RecordedRequest): void {
    for (const listener of this.#listeners[event]) listener(request);
  }
}
