import { HearthError } from '@hearth/protocol';
import type { LoginLink, OperationName, ParsedParams, Result } from '@hearth/protocol';
import type { Accounts } from '../account/accounts.ts';
import type { Auth, Identity } from '../auth/auth.ts';
import type { Page, Sessions } from '../router/sessions.ts';

/** What each operation does. One table for HTTP and WebSocket; the type keeps it complete. */
export type Operations = {
  [Name in OperationName]: (caller: Identity, params: ParsedParams<Name>) => Promise<Result<Name>>;
};

export interface OperationsOptions {
  sessions: Sessions;
  auth: Auth;
  accounts: Accounts;
  /** The address that a log-in link starts with, without a slash at the end. */
  baseUrl: () => string;
}

const DEFAULT_MESSAGES_LIMIT = 100;

export function createOperations({ sessions, auth, accounts, baseUrl }: OperationsOptions): Operations {
  return {
    'session.create': (caller, params) => sessions.create(caller.principal, params),
    'session.list': async (_, params) => listed(await sessions.list(params)),
    'session.get': (_, { sessionId }) => sessions.get(known(sessionId)),
    'session.update': (_, { sessionId, ...changes }) => sessions.update(known(sessionId), changes),
    'session.delete': async (_, { sessionId }) => {
      await sessions.delete(known(sessionId));
      return null;
    },
    'session.fork': (caller, { sessionId, ...params }) => sessions.fork(caller.principal, known(sessionId), params),
    'session.rewind': (_, { sessionId, ...params }) => sessions.rewind(known(sessionId), params),
    'session.commands': async (_, { sessionId }) => ({ items: await sessions.commands(known(sessionId)) }),
    'message.send': (caller, { sessionId, ...params }) => sessions.send(caller.principal, known(sessionId), params),
    'message.list': async (_, { sessionId, limit = DEFAULT_MESSAGES_LIMIT, cursor }) =>
      listed(await sessions.messages(known(sessionId), cursor === undefined ? { limit } : { cursor, limit })),
    'message.get': (_, { sessionId, messageId }) => sessions.message(known(sessionId), known(messageId)),
    'message.update': (_, { sessionId, messageId, ...change }) =>
      sessions.updateMessage(known(sessionId), known(messageId), change),
    'message.cancel': (_, { sessionId, messageId }) => sessions.cancelMessage(known(sessionId), known(messageId)),
    'turn.interrupt': (_, { sessionId, cancelQueued = false }) => sessions.interrupt(known(sessionId), cancelQueued),
    'approval.answer': (caller, { sessionId, approvalId, ...answer }) =>
      sessions.answer(caller.principal, known(sessionId), known(approvalId), answer),
    'agent.list': async () => ({ items: await sessions.agents() }),
    'directory.list': (_, { path }) => sessions.directories(path),
    'file.search': (_, params) => sessions.files(params),
    'usage.report': (_, params) => sessions.usage(params),
    'budget.list': () => sessions.budgets(),
    'token.list': async (caller) => {
      ownerOnly(caller);
      return { items: await auth.listTokens() };
    },
    'token.create': async (caller, params) => {
      ownerOnly(caller);
      return await auth.createToken(params);
    },
    'token.revoke': async (caller, { tokenId }) => {
      ownerOnly(caller);
      await auth.revokeToken(known(tokenId));
      return null;
    },
    'account.list': async () => ({ items: accounts.list() }),
    'account.get': async (_, { accountId }) => accounts.get(known(accountId)),
    'account.create': async (caller, params) => {
      ownerOnly(caller);
      return await accounts.create(params);
    },
    'account.update': async (caller, { accountId, ...params }) => {
      ownerOnly(caller);
      return await accounts.update(known(accountId), params);
    },
    'account.delete': async (caller, { accountId }) => {
      ownerOnly(caller);
      await accounts.delete(known(accountId));
      return null;
    },
    'account.reset': async (caller, { accountId }) => {
      ownerOnly(caller);
      return await accounts.reset(known(accountId));
    },
    'account.export': async (caller, params) => {
      ownerOnly(caller);
      return await accounts.export(params);
    },
    'account.import': async (caller, params) => {
      ownerOnly(caller);
      return await accounts.import(params);
    },
    'account.rotateKey': async (caller) => {
      ownerOnly(caller);
      return await accounts.rotateKey();
    },
    'login.create': async (caller) => {
      ownerOnly(caller);
      return loginLink(auth, baseUrl());
    },
  };
}

/** Performs the operation of this name; `params` has been checked against its schemas. */
export async function perform(
  operations: Operations,
  name: OperationName,
  caller: Identity,
  params: unknown,
): Promise<unknown> {
  const operation: (caller: Identity, params: never) => Promise<unknown> = operations[name];
  return await operation(caller, params as never);
}

/** A link that logs a browser in, once. */
export function loginLink(auth: Auth, baseUrl: string): LoginLink {
  const { code, expiresAtMs } = auth.createLoginCode();
  return { url: `${baseUrl}/login?code=${code}`, expiresAt: new Date(expiresAtMs).toISOString() };
}

/** No id is longer, and none has control characters or halves of a surrogate pair; a database need not be asked. */
const MAX_ID_LENGTH = 256;
const NEVER_IN_AN_ID = /\p{Cc}|\p{Cs}/u;

/** Any id that cannot exist is an unknown one, whatever its form. */
export function known(id: string): string {
  if (id.length > 0 && id.length <= MAX_ID_LENGTH && !NEVER_IN_AN_ID.test(id)) return id;
  throw new HearthError('not_found', 'There is nothing with this id.', { hint: 'Ids come from the list of sessions.' });
}

function ownerOnly(caller: Identity): void {
  if (caller.kind !== 'api') return;
  throw new HearthError('forbidden', 'Only the owner may manage tokens, log-in links and accounts.', {
    hint: 'Use the owner’s token, or a browser that is logged in.',
  });
}

function listed<Item>({ items, nextCursor }: Page<Item>): { items: Item[]; nextCursor?: string } {
  return nextCursor === undefined ? { items } : { items, nextCursor };
}
