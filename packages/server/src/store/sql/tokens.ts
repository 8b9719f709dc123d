import type { Selectable } from 'kysely';
import type { TokensTable } from '../schema.ts';
import type { StoredToken, TokenStore } from '../store.ts';
import { foreign } from './database.ts';
import type { SqlDatabase } from './database.ts';

export function sqlTokens({ db, query, write, name }: SqlDatabase): TokenStore {
  return {
    add: (token) =>
      write(async () => {
        await db
          .insertInto('tokens')
          .values({
            id: token.id,
            kind: token.kind,
            label: token.label,
            hash: token.hash,
            created_at: token.createdAt,
            last_used_at: token.lastUsedAt ?? null,
            expires_at: token.expiresAt ?? null,
          })
          .execute();
      }),
    byHash: (hash) =>
      query(async () => {
        const row = await db.selectFrom('tokens').selectAll().where('hash', '=', hash).executeTakeFirst();
        return row === undefined ? null : toToken(row, name);
      }),
    list: (kind) =>
      query(async () => {
        const rows = await db
          .selectFrom('tokens')
          .selectAll()
          .where('kind', '=', kind)
          .orderBy('created_at')
          .orderBy('id')
          .execute();
        return rows.map((row) => toToken(row, name));
      }),
    touch: (id, usedAt) =>
      query(async () => {
        await db.updateTable('tokens').set({ last_used_at: usedAt }).where('id', '=', id).execute();
      }),
    remove: (id) =>
      write(async () => {
        const { numDeletedRows } = await db.deleteFrom('tokens').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      }),
  };
}

function toToken(row: Selectable<TokensTable>, name: string): StoredToken {
  if (row.kind !== 'api' && row.kind !== 'browser') throw foreign(`a token of the kind ${row.kind}`, name);
  return {
    id: row.id,
    kind: row.kind,
    label: row.label,
    hash: row.hash,
    createdAt: row.created_at,
    ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at }),
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
  };
}
