import { HearthError } from '@hearth/protocol';
import type { AccountCreate, AccountKind, AccountUpdate, Issue } from '@hearth/protocol';

/** What an account is for. Exists unsealed only for the moment of its use: never log it, never keep it. */
export type AccountSecrets =
  | { kind: 'api_key'; apiKey: string }
  | { kind: 'oauth'; accessToken: string; refreshToken?: string; expiresAtMs?: number }
  | { kind: 'gateway'; token: string };

/** The tokens of a log-in. `expiresAtMs` is the access token's. */
export type LoginTokens = Omit<Extract<AccountSecrets, { kind: 'oauth' }>, 'kind'>;

/** The secrets together with where they are good. */
export type Credentials = AccountSecrets & { baseUrl?: string };

export function createdSecrets(params: AccountCreate): AccountSecrets {
  switch (params.kind) {
    case 'api_key':
      return { kind: 'api_key', apiKey: params.apiKey };
    case 'oauth':
      return { kind: 'oauth', ...loginTokens(params.accessToken, params) };
    case 'gateway':
      return { kind: 'gateway', token: params.token };
  }
}

/**
 * The new secrets of a change, or null when it has none.
 * @throws HearthError `invalid_request` when they are those of another kind
 */
export function updatedSecrets(kind: AccountKind, params: AccountUpdate): AccountSecrets | null {
  refuseOtherKinds(kind, params);
  switch (kind) {
    case 'api_key':
      return params.apiKey === undefined ? null : { kind, apiKey: params.apiKey };
    case 'gateway':
      return params.token === undefined ? null : { kind, token: params.token };
    case 'oauth':
      return params.accessToken === undefined ? null : { kind, ...loginTokens(params.accessToken, params) };
  }
}

const FIELDS = {
  api_key: ['apiKey'],
  oauth: ['accessToken', 'refreshToken', 'expiresAt'],
  gateway: ['token'],
} as const satisfies Record<AccountKind, readonly (keyof AccountUpdate)[]>;

function refuseOtherKinds(kind: AccountKind, params: AccountUpdate): void {
  const own: readonly string[] = FIELDS[kind];
  const issues: Issue[] = Object.values(FIELDS)
    .flat()
    .filter((field) => params[field] !== undefined && !own.includes(field))
    .map((field) => ({ path: field, message: `Is not for an account of the kind ${kind}.` }));
  if (kind === 'gateway' && params.baseUrl === null) {
    issues.push({ path: 'baseUrl', message: 'A gateway has to have one.' });
  }
  if (kind === 'oauth' && params.accessToken === undefined) {
    const alone = (['refreshToken', 'expiresAt'] as const).filter((field) => params[field] !== undefined);
    issues.push(...alone.map((field) => ({ path: field, message: 'Goes together with an accessToken.' })));
  }
  if (issues.length === 0) return;
  throw new HearthError('invalid_request', `The change does not fit an account of the kind ${kind}.`, {
    hint: `Its secrets are: ${own.join(', ')}. They replace all that it had.`,
    issues,
  });
}

function loginTokens(
  accessToken: string,
  { refreshToken, expiresAt }: { refreshToken?: string | undefined; expiresAt?: string | undefined },
): LoginTokens {
  return {
    accessToken,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(expiresAt === undefined ? {} : { expiresAtMs: Date.parse(expiresAt) }),
  };
}
