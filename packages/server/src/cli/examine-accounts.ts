import { existsSync } from 'node:fs';
import { connect } from '@hearth/client';
import type { Account } from '@hearth/protocol';
import { HearthError } from '@hearth/protocol/errors';
import SqliteDatabase from 'better-sqlite3';
import { SecretKeys } from '../account/secret-keys.ts';
import { unseal } from '../account/sealing.ts';
import { databaseFile } from '../config/database-file.ts';
import { isPostgres } from '../config/database-url.ts';
import type { Config } from '../config/options.ts';
import { standing } from './account-lines.ts';
import { readTokenFile } from './discovery.ts';
import type { FoundServer } from './discovery.ts';
import { none, odd, well, wrong } from './finding.ts';
import type { Finding } from './finding.ts';

const ANSWER_TIMEOUT_MS = 3_000;

/** An account as far as can be told without the server. */
interface Row {
  id: string;
  label: string;
  kind: string;
  enabled: number;
  sealed: string;
}

export interface ExaminedAccounts {
  findings: Finding[];
  /** Whether there are some that an agent would take its credentials from. */
  inUse: boolean;
}

/**
 * The accounts and what is wrong with them: asked of the running server, else looked for in the database file. Secrets are
 * opened to see whether they open, and go nowhere.
 */
export async function examineAccounts(config: Config, server: FoundServer | null): Promise<ExaminedAccounts> {
  try {
    const accounts = server === null ? null : await askServer(server);
    if (accounts !== null) return { findings: findingsOf(accounts), inUse: accounts.some(({ enabled }) => enabled) };
    return examineStored(config);
  } catch (error) {
    const { message, hint = 'See the log of the server.' } = HearthError.from(error);
    return { findings: [wrong('accounts', message, hint)], inUse: false };
  }
}

/** Null: it could not be asked. */
async function askServer({ url, dataDir }: FoundServer): Promise<Account[] | null> {
  const token = process.env['HEARTH_TOKEN'] || (await readTokenFile(dataDir));
  if (token === null) return null;
  const hearth = connect({ url, token, reconnect: false });
  try {
    return await hearth.accounts.list({ signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  } catch {
    // That the server does not answer is told by its own check.
    return null;
  } finally {
    hearth.close();
  }
}

function findingsOf(accounts: readonly Account[]): Finding[] {
  if (accounts.length === 0) return [none('accounts', 'none; agents take their credentials from the environment')];
  return accounts.map((account) => {
    const detail = `“${account.label}” (${account.kind.replace('_', '-')}) is ${standing(account)}`;
    const mend = `hearth accounts set --new-secret ${account.id}, or hearth accounts reset ${account.id} to try it again`;
    switch (account.state) {
      case 'ready':
        return well('account', detail);
      case 'disabled':
        return none('account', detail);
      case 'cooling':
        return odd('account', `${detail}: ${account.cooldown?.code ?? ''}`, 'It is used again by itself.');
      case 'broken':
        return wrong('account', `${detail}: ${account.problem?.message ?? ''}`, mend);
    }
  });
}

function examineStored(config: Config): ExaminedAccounts {
  const rows = storedRows(config);
  if (rows === null) return { findings: [none('accounts', 'are seen when the server runs')], inUse: false };
  if (rows.length === 0) return { findings: findingsOf([]), inUse: false };
  const keys = new SecretKeys({ dataDir: config.dataDir, configured: config.secretKey });
  return { findings: rows.map((row) => examineRow(row, keys)), inUse: rows.some(({ enabled }) => enabled === 1) };
}

function examineRow({ id, label, kind, enabled, sealed }: Row, keys: SecretKeys): Finding {
  const detail = `“${label}” (${kind.replace('_', '-')})`;
  try {
    unseal(sealed, id, (keyId) => keys.find(keyId));
  } catch (error) {
    const { message, hint = '' } = HearthError.from(error);
    return wrong('account', `${detail}: ${message}`, hint);
  }
  return enabled === 1 ? well('account', `${detail}, sealed`) : none('account', `${detail} is disabled`);
}

/** Null: not in a file, or not to be read. */
function storedRows(config: Config): Row[] | null {
  if (config.databaseUrl !== undefined && isPostgres(config.databaseUrl)) return null;
  const file = databaseFile(config);
  if (!existsSync(file)) return [];
  try {
    const database = new SqliteDatabase(file, { readonly: true, fileMustExist: true });
    try {
      const known = database.prepare(`SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'accounts'`).get();
      if (known === undefined) return [];
      const columns = 'id, label, kind, enabled, sealed';
      return database.prepare<[], Row>(`SELECT ${columns} FROM accounts ORDER BY priority, created_at`).all();
    } finally {
      database.close();
    }
  } catch {
    // What is wrong with the database is told by its own check.
    return null;
  }
}
