import { HearthError } from '@hearth/protocol';
import type { Account, PermissionMode } from '@hearth/protocol';

/** The accounts that a session can be pinned to. */
export interface AccountList {
  list(): readonly Pick<Account, 'id' | 'agent'>[];
}

/** @throws HearthError `forbidden` for a mode that this server does not allow */
export function checkMode(mode: PermissionMode | undefined, allowBypassPermissions: boolean): void {
  if (mode !== 'bypassPermissions' || allowBypassPermissions) return;
  throw new HearthError('forbidden', 'This server does not let agents bypass permissions.', {
    hint: 'Whoever runs the server can allow it with --allow-bypass-permissions.',
  });
}

/** @throws HearthError `invalid_request` for an account that the agent does not have */
export function checkAccount(accountId: string | null | undefined, agent: string, accounts: AccountList): void {
  if (typeof accountId !== 'string') return;
  if (accounts.list().some((account) => account.agent === agent && account.id === accountId)) return;
  throw new HearthError(
    'invalid_request',
    `There is no account ${JSON.stringify(accountId)} of the agent “${agent}”.`,
    {
      hint: '`GET /v1/accounts` lists those that there are; leave accountId out to let the server choose.',
      issues: [{ path: 'accountId', message: 'is not an account of this agent' }],
    },
  );
}
