import type { Selectable, Updateable } from 'kysely';
import type { AccountsTable } from '../schema.ts';
import type { AccountChanges, AccountStore, StoredAccount } from '../store.ts';
import { foreign } from './database.ts';
import type { SqlDatabase } from './database.ts';

export function sqlAccounts({ db, query, write, name }: SqlDatabase): AccountStore {
  return {
    list: () =>
      query(async () => {
        const rows = await db.selectFrom('accounts').selectAll().orderBy('created_at').orderBy('id').execute();
        return rows.map((row) => toAccount(row, name));
      }),
    get: (id) =>
      query(async () => {
        const row = await db.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst();
        return row === undefined ? null : toAccount(row, name);
      }),
    add: ({ id, agent, kind, version, createdAt, ...rest }) =>
      write(async () => {
        await db
          .insertInto('accounts')
          .values({
            id,
            agent,
            kind,
            label: rest.label,
            priority: rest.priority,
            enabled: Number(rest.enabled),
            models: rest.models === null ? null : JSON.stringify(rest.models),
            base_url: rest.baseUrl,
            sealed: rest.sealed,
            health: rest.health,
            version,
            created_at: createdAt,
            updated_at: rest.updatedAt,
          })
          .execute();
      }),
    update: (id, version, changes) =>
      write(async () => {
        const { numUpdatedRows } = await db
          .updateTable('accounts')
          .set({ ...toColumns(changes), version: version + 1 })
          .where('id', '=', id)
          .where('version', '=', version)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),
    remove: (id) =>
      write(async () => {
        const { numDeletedRows } = await db.deleteFrom('accounts').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      }),
    claimRefresh: (id, holder, untilMs, nowMs) =>
      write(async () => {
        const { numUpdatedRows } = await db
          .updateTable('accounts')
          .set({ refresh_holder: holder, refresh_until_ms: untilMs })
          .where('id', '=', id)
          .where((is) =>
            is.or([
              is('refresh_holder', 'is', null),
              is('refresh_holder', '=', holder),
              is('refresh_until_ms', '<=', nowMs),
            ]),
          )
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),
    releaseRefresh: (id, holder) =>
      write(async () => {
        await db
          .updateTable('accounts')
          .set({ refresh_holder: null, refresh_until_ms: null })
          .where('id', '=', id)
          .where('refresh_holder', '=', holder)
          .execute();
      }),
  };
}

function toColumns(changes: AccountChanges): Updateable<AccountsTable> {
  const { label, priority, enabled, models, baseUrl, sealed, health, updatedAt } = changes;
  return {
    ...(label === undefined ? {} : { label }),
    ...(priority === undefined ? {} : { priority }),
    ...(enabled === undefined ? {} : { enabled: Number(enabled) }),
    ...(models === undefined ? {} : { models: models === null ? null : JSON.stringify(models) }),
    ...(baseUrl === undefined ? {} : { base_url: baseUrl }),
    ...(sealed === undefined ? {} : { sealed }),
    ...(health === undefined ? {} : { health }),
    ...(updatedAt === undefined ? {} : { updated_at: updatedAt }),
  };
}

function toAccount(row: Selectable<AccountsTable>, name: string): StoredAccount {
  if (row.agent !== 'claude') throw foreign(`an account for the agent ${row.agent}`, name);
  if (row.kind !== 'api_key' && row.kind !== 'oauth' && row.kind !== 'gateway') {
    throw foreign(`an account of the kind ${row.kind}`, name);
  }
  return {
    id: row.id,
    agent: row.agent,
    kind: row.kind,
    label: row.label,
    priority: row.priority,
    enabled: row.enabled !== 0,
    models: row.models === null ? null : (JSON.parse(row.models) as string[]),
    baseUrl: row.base_url,
    sealed: row.sealed,
    health: row.health,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
