import type { Credentials } from '../account/secrets.ts';

export const DEFAULT_BASE_URL = 'https://api.anthropic.com';

type Headers = Record<string, string | string[] | undefined>;

/** The beta with which the Messages API takes the access token of a subscription. */
const OAUTH_BETA = 'oauth-2025-04-20';

/** Headers that belong to one connection, and those that the relay sets itself. */
const NOT_PASSED_ON = new Set(
  'host connection keep-alive proxy-authorization proxy-connection te trailer transfer-encoding upgrade content-length accept-encoding authorization x-api-key expect'.split(
    ' ',
  ),
);

/** The headers of an agent's request as the model API gets them: with the account's credentials instead of the agent's own. */
export function withCredentials(headers: Headers, credentials: Credentials): Headers {
  const passed = Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_PASSED_ON.has(name)));
  // The answer is read on its way, so it has to come as it is.
  const plain = { ...passed, 'accept-encoding': 'identity' };
  switch (credentials.kind) {
    case 'api_key':
      return { ...plain, ...betas(headers, false), 'x-api-key': credentials.apiKey };
    case 'oauth':
      return { ...plain, ...betas(headers, true), authorization: `Bearer ${credentials.accessToken}` };
    case 'gateway':
      return { ...plain, ...betas(headers, false), authorization: `Bearer ${credentials.token}` };
  }
}

/** The agent began as one that has a subscription, or not; the account of this call may be of the other kind. */
function betas(headers: Headers, oauth: boolean): Headers {
  const given = [headers['anthropic-beta'] ?? []]
    .flat()
    .flatMap((value) => value.split(',').map((beta) => beta.trim()));
  const others = given.filter((beta) => beta !== '' && beta !== OAUTH_BETA);
  const wanted = oauth ? [...others, OAUTH_BETA] : others;
  return { 'anthropic-beta': wanted.length === 0 ? undefined : wanted.join(',') };
}
