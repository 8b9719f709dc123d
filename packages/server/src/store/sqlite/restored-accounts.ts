import type { Database } from 'better-sqlite3';

/** What the database that is replaced knows of an account's secrets. */
export interface PresentAccount {
  id: string;
  kind: string;
  sealed: string;
  version: number;
}

/** None in a database of before there were accounts. */
export function presentAccounts(database: Database): PresentAccount[] {
  if (!hasAccounts(database)) return [];
  return database.prepare<[], PresentAccount>('SELECT id, kind, sealed, version FROM accounts').all();
}

/**
 * Accounts come back as the backup has them, except for the secrets of those that are here too: tokens that were renewed
 * since have made those of the backup void, and the key that sealed those may be gone. A refresh that was under way at
 * the time of the backup is not under way now.
 */
export function renewAccounts(copy: Database, present: readonly PresentAccount[]): void {
  if (!hasAccounts(copy)) return;
  copy.exec('UPDATE accounts SET refresh_holder = NULL, refresh_until_ms = NULL');
  const keep = copy.prepare<PresentAccount>(
    'UPDATE accounts SET sealed = @sealed, version = max(version, @version) + 1 WHERE id = @id AND kind = @kind',
  );
  for (const account of present) keep.run(account);
}

function hasAccounts(database: Database): boolean {
  return database.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'accounts'`).get() !== undefined;
}
