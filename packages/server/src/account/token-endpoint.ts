import { z } from 'zod';
import type { LoginTokens } from './secrets.ts';

/** How long the provider may take. */
const TIMEOUT_MS = 30_000;
const MAX_WHY_LENGTH = 200;

/** What came of asking the provider for new tokens. `why` is for people and has no secret in it. */
export type Renewal =
  | { type: 'renewed'; tokens: LoginTokens }
  /** It will not give any for this refresh token, however often it is asked. */
  | { type: 'refused'; why: string }
  /** It could not be reached, or did not answer as it should: another time it may. */
  | { type: 'unreachable'; why: string };

/** Asks for new tokens with a refresh token. Never rejects. */
export type RenewTokens = (refreshToken: string) => Promise<Renewal>;

export interface TokenEndpointOptions {
  url: string;
  clientId: string;
  /** Ms since 1970. */
  now: () => number;
  /** Default: 30 s. */
  timeoutMs?: number;
}

/** Tokens that last longer are taken for ones that do not say how long they do. */
const LONGEST_LIFE_S = 366 * 86_400;

/** What comes beside the token, in whatever form, is no reason to lose it: the refresh token that it was got with may be void. */
const answerSchema = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional().catch(undefined),
  expires_in: z.coerce.number().positive().max(LONGEST_LIFE_S).optional().catch(undefined),
});

/** An error as OAuth has it, and as the provider's other calls have it. */
const errorSchema = z.object({ error: z.union([z.string(), z.object({ type: z.string() })]) });

/**
 * The provider's OAuth token endpoint, asked as Claude Code asks it: JSON with `grant_type`, `refresh_token` and `client_id`,
 * answered with `access_token`, perhaps a new `refresh_token`, and `expires_in` in seconds.
 */
export function tokenEndpoint({ url, clientId, now, timeoutMs = TIMEOUT_MS }: TokenEndpointOptions): RenewTokens {
  return async (refreshToken) => {
    let status: number;
    let body: unknown;
    const startedAtMs = now();
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }),
        // A redirect would take the token to another place.
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      status = response.status;
      body = parsed(await response.text());
    } catch (error) {
      return { type: 'unreachable', why: reason(error) };
    }
    const answer = answerSchema.safeParse(body);
    if (status === 200 && answer.success)
      return { type: 'renewed', tokens: tokensOf(answer.data, refreshToken, startedAtMs) };
    if (status === 200) return { type: 'unreachable', why: 'the answer has no token' };
    const refusal = errorSchema.safeParse(body);
    const code = refusal.success ? nameOf(refusal.data) : undefined;
    const why = code === undefined ? `status ${status}` : `status ${status}, ${code}`;
    const refused = code !== undefined && (status === 400 || status === 401 || status === 403);
    return { type: refused ? 'refused' : 'unreachable', why };
  };
}

function tokensOf(answer: z.infer<typeof answerSchema>, refreshToken: string, startedAtMs: number): LoginTokens {
  return {
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token ?? refreshToken,
    ...(answer.expires_in === undefined ? {} : { expiresAtMs: startedAtMs + answer.expires_in * 1000 }),
  };
}

/** Only what is a name, so that no error can bring a secret back. */
function nameOf({ error }: z.infer<typeof errorSchema>): string {
  const name = typeof error === 'string' ? error : error.type;
  return /^[a-z_]{1,40}$/.test(name) ? name : 'an error without a name';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `fetch` hides why it failed in the cause. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed';
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return (code ?? error.message).slice(0, MAX_WHY_LENGTH);
}
