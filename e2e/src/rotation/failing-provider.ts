import { reply, startMessagesApi, startTokenEndpoint } from '@hearth/testkit';
import type { MessagesApi, RecordedRequest, Reply, TokenEndpoint } from '@hearth/testkit';
import { Seeded } from '../faults/seeded.ts';

/** What can happen to a call, and how often, beside going well. */
const TROUBLES = {
  minute: 3,
  overloaded: 3,
  broken: 2,
  cut: 3,
  spent: 3,
  'spent for the model': 2,
  unauthorized: 2,
  unpaid: 1,
} as const;

export type Trouble = keyof typeof TROUBLES;

export interface ProviderOptions {
  seed: number;
  /** How often a call meets some trouble, from 0 to 1. */
  trouble: number;
}

/** The accounts that a server is given: one of each kind. */
export const KEYS = ['key-of-the-first', 'second-login', 'token-of-the-third'] as const;

/**
 * A model API whose accounts fail in every way that one can, by chance. Whatever happens to an account is over after some
 * seconds, but for a bill that is not paid: that one somebody has to mend.
 */
export class FailingProvider {
  readonly api: MessagesApi;
  readonly tokens: TokenEndpoint;
  /** How often each trouble was met. */
  readonly met = new Map<Trouble, number>();
  readonly #random: Seeded;
  readonly #trouble: number;
  readonly #spentUntil = new Map<string, number>();
  #refused = '';
  #unpaid: string | null = null;

  private constructor(api: MessagesApi, tokens: TokenEndpoint, { seed, trouble }: ProviderOptions) {
    this.api = api;
    this.tokens = tokens;
    this.#random = new Seeded(seed);
    this.#trouble = trouble;
    api.setScript((request) => (request.isSideRequest ? undefined : this.#answer(request)));
  }

  static async start(options: ProviderOptions): Promise<FailingProvider> {
    const api = await startMessagesApi({ logLimit: 100_000 });
    const tokens = await startTokenEndpoint({ refreshTokens: ['refresh-1'], prefix: `${KEYS[1]}-` });
    return new FailingProvider(api, tokens, options);
  }

  /** Somebody pays. @returns whether anything was to be paid */
  pay(): boolean {
    const unpaid = this.#unpaid !== null;
    this.#unpaid = null;
    return unpaid;
  }

  async close(): Promise<void> {
    await Promise.all([this.api.close(), this.tokens.close()]);
  }

  #answer({ apiKey = '', body, attempt }: RecordedRequest): Reply | undefined {
    const account = KEYS.find((key) => apiKey.startsWith(key)) ?? apiKey;
    if (account === this.#unpaid) return reply().status(402);
    if (apiKey === this.#refused) return reply().status(401);
    for (const window of ['five_hour', `seven_day_${familyOf(body.model)}`]) {
      const until = this.#spentUntil.get(`${account} ${window}`) ?? 0;
      if (until > Date.now()) return spent(window, until);
    }
    // A binary that has met one broken answer too many gives up.
    if (attempt > 2 || !this.#random.chance(this.#trouble)) return undefined;
    const trouble = this.#random.weighted(TROUBLES);
    const answer = this.#meet(trouble, account, apiKey, body.model);
    if (answer !== undefined) this.met.set(trouble, (this.met.get(trouble) ?? 0) + 1);
    return answer;
  }

  #meet(trouble: Trouble, account: string, apiKey: string, model: string): Reply | undefined {
    switch (trouble) {
      case 'minute':
        return reply().status(429, { headers: { 'retry-after': '1' } });
      case 'overloaded':
        return reply().status(529);
      case 'broken':
        return reply().status(500);
      case 'cut':
        return reply().text('these words are torn').cut(this.#random.integer(1, 3));
      case 'spent':
        return this.#spend(account, 'five_hour', this.#random.integer(2, 9));
      case 'spent for the model':
        return this.#spend(account, `seven_day_${familyOf(model)}`, this.#random.integer(2, 5));
      case 'unauthorized':
        // Only a log-in can mend that by itself.
        if (account !== KEYS[1]) return undefined;
        this.#refused = apiKey;
        return reply().status(401);
      case 'unpaid':
        if (this.#unpaid !== null) return undefined;
        this.#unpaid = account;
        return reply().status(402);
    }
  }

  #spend(account: string, window: string, seconds: number): Reply {
    const until = Math.ceil(Date.now() / 1000 + seconds) * 1000;
    this.#spentUntil.set(`${account} ${window}`, until);
    return spent(window, until);
  }
}

function spent(window: string, until: number): Reply {
  return reply().status(429, {
    headers: {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-representative-claim': window,
      'anthropic-ratelimit-unified-reset': String(until / 1000),
    },
  });
}

function familyOf(model: string): string {
  return /opus|sonnet|haiku/.exec(model)?.[0] ?? 'other';
}
