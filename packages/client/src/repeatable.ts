import type { OperationName } from '@hearth/protocol';

/**
 * Operations that may be sent again when the connection broke before the answer came. `message.send`, and the fork
 * of an edited message, may too, when they have a `clientMessageId`. What is not named here might be done twice: another
 * interrupt stops the turn after the one that was meant.
 */
const REPEATABLE: ReadonlySet<OperationName> = new Set<OperationName>([
  'session.list',
  'session.get',
  'session.update',
  'session.delete',
  'message.list',
  'message.get',
  'message.update',
  'message.cancel',
  'approval.answer',
  'agent.list',
  'directory.list',
  'file.search',
  'session.commands',
  'usage.report',
  'budget.list',
  'token.list',
  'token.revoke',
  'account.list',
  'account.get',
  'account.update',
  'account.delete',
  'account.reset',
  'account.export',
  'account.import',
]);

/** Whose repetition answers `not_found` when the first one was done. */
const REMOVALS: ReadonlySet<OperationName> = new Set<OperationName>([
  'session.delete',
  'token.revoke',
  'account.delete',
]);

export function isRepeatable(name: OperationName, params: object): boolean {
  if (name === 'message.send') return 'clientMessageId' in params && params.clientMessageId !== undefined;
  if (name === 'session.fork') return hasKey('editMessage' in params ? params.editMessage : undefined);
  return REPEATABLE.has(name);
}

function hasKey(edit: unknown): boolean {
  return typeof edit === 'object' && edit !== null && 'clientMessageId' in edit && edit.clientMessageId !== undefined;
}

export function isRemoval(name: OperationName): boolean {
  return REMOVALS.has(name);
}
