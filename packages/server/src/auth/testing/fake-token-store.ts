import type { StoredToken, TokenStore } from '../../store/store.ts';

/** A token store in memory, for tests. */
export class FakeTokenStore implements TokenStore {
  readonly rows = new Map<string, StoredToken>();
  touches = 0;
  broken = false;

  async add(token: StoredToken): Promise<void> {
    this.rows.set(token.id, token);
  }

  async byHash(hash: string): Promise<StoredToken | null> {
    return [...this.rows.values()].find((row) => row.hash === hash) ?? null;
  }

  async list(kind: StoredToken['kind']): Promise<StoredToken[]> {
    return [...this.rows.values()].filter((row) => row.kind === kind);
  }

  async touch(id: string, usedAt: string): Promise<void> {
    if (this.broken) throw new Error('disk full');
    this.touches += 1;
    const row = this.rows.get(id);
    if (row !== undefined) this.rows.set(id, { ...row, lastUsedAt: usedAt });
  }

  async remove(id: string): Promise<boolean> {
    return this.rows.delete(id);
  }
}
