import { randomBytes } from 'node:crypto';
import { startPostgres } from '@hearth/testkit';
import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { afterAll, beforeAll } from 'vitest';

/** A PostgreSQL for the tests of one file: one that `TEST_POSTGRES_URL` names, or one of its own. */
export interface TestDatabase {
  /** Address of a schema that nobody has used. */
  freshUrl(): string;
  /** Removes a schema with what is in it. */
  drop(url: string): Promise<void>;
  /** One statement by somebody else, with the schema's tables in reach. */
  ask<Row extends object>(url: string, text: string, values?: unknown[]): Promise<Row[]>;
}

export function testDatabase(): TestDatabase {
  let base = '';
  let close = async (): Promise<void> => {};
  beforeAll(async () => {
    const named = process.env['TEST_POSTGRES_URL'];
    if (named !== undefined && named !== '') {
      base = named;
      return;
    }
    const server = await startPostgres();
    base = server.url;
    close = () => server.close();
  });
  afterAll(() => close());
  const ask: TestDatabase['ask'] = async <Row extends object>(url: string, text: string, values: unknown[] = []) =>
    askAs<Row>(url, text, values);
  return {
    freshUrl: () => `${base}?schema=t_${randomBytes(6).toString('hex')}`,
    ask,
    drop: async (url) => {
      await ask(url, `drop schema if exists ${schemaOf(url)} cascade`);
    },
  };
}

export async function askAs<Row extends object>(
  url: string,
  text: string,
  values: unknown[] = [],
  ssl: ClientConfig['ssl'] = false,
): Promise<Row[]> {
  const address = new URL(url);
  address.search = '';
  const client = new Client({ connectionString: address.href, options: `-c search_path=${schemaOf(url)}`, ssl });
  await client.connect();
  try {
    const { rows } = await client.query<Row>(text, values);
    return rows;
  } finally {
    await client.end();
  }
}

function schemaOf(url: string): string {
  return new URL(url).searchParams.get('schema') ?? 'hearth';
}
