import { HearthError } from '@hearth/protocol/errors';
import type { AccountCreate, AccountKind, AccountUpdate } from '@hearth/protocol';
import type { SecretInput } from './ask-secret.ts';

/** How a command line names the kinds. */
export const KIND_NAMES = ['api-key', 'oauth', 'gateway'] as const;
export type KindName = (typeof KIND_NAMES)[number];

export function kindOf(name: KindName): AccountKind {
  return name === 'api-key' ? 'api_key' : name;
}

/** The secrets of a kind, as the fields of a call. */
export async function askSecrets(
  input: SecretInput,
  kind: AccountKind,
): Promise<Pick<AccountUpdate, 'apiKey' | 'token' | 'accessToken' | 'refreshToken'>> {
  switch (kind) {
    case 'api_key':
      return { apiKey: await input.ask('API key') };
    case 'gateway':
      return { token: await input.ask('token of the gateway') };
    case 'oauth': {
      const accessToken = await input.ask('access token', 'as claude setup-token prints it');
      const refreshToken = await input.askOptional('refresh token', 'none when it is left empty');
      return { accessToken, ...(refreshToken === undefined ? {} : { refreshToken }) };
    }
  }
}

/**
 * The accounts that the environment has for Claude Code.
 * @throws HearthError `invalid_request` when there are none, or a token without the gateway that it is for
 */
export function accountsOfEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  kind?: AccountKind,
): AccountCreate[] {
  const valueOf = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const baseUrl = valueOf('ANTHROPIC_BASE_URL');
  const at = baseUrl === undefined ? {} : { baseUrl };
  const apiKey = valueOf('ANTHROPIC_API_KEY');
  const accessToken = valueOf('CLAUDE_CODE_OAUTH_TOKEN');
  const token = valueOf('ANTHROPIC_AUTH_TOKEN');
  const found: AccountCreate[] = [];
  if (apiKey !== undefined) found.push({ kind: 'api_key', apiKey, ...at });
  if (accessToken !== undefined) found.push({ kind: 'oauth', accessToken });
  if (token !== undefined && (kind === undefined || kind === 'gateway')) {
    if (baseUrl === undefined) {
      throw new HearthError('invalid_request', 'ANTHROPIC_AUTH_TOKEN is set, and ANTHROPIC_BASE_URL is not.', {
        hint: 'Set the address of the gateway that the token is for, too.',
      });
    }
    found.push({ kind: 'gateway', token, baseUrl });
  }
  const wanted = found.filter((account) => kind === undefined || account.kind === kind);
  if (wanted.length > 0) return wanted;
  throw new HearthError('invalid_request', 'The environment has no such account.', {
    hint: 'Set ANTHROPIC_API_KEY, CLAUDE_CODE_OAUTH_TOKEN, or ANTHROPIC_AUTH_TOKEN with ANTHROPIC_BASE_URL.',
  });
}
