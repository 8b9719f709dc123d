import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HearthError } from '@hearth/protocol';
import { describe, expect, test } from 'vitest';
import { postgresAddress } from './address.ts';

function refusal(url: string, env: Record<string, string> = {}): HearthError {
  try {
    postgresAddress(url, env);
  } catch (error) {
    if (error instanceof HearthError) return error;
  }
  throw new Error(`${url} was not refused`);
}

describe('the address of a database', () => {
  test('[STO10] is read whole, and named without user and password', () => {
    const address = postgresAddress(
      'postgres://ann:p%40ss%2Fword@db.example:6432/work?schema=team&sslmode=disable',
      {},
    );

    expect(address).toMatchObject({
      host: 'db.example',
      port: 6432,
      database: 'work',
      user: 'ann',
      password: 'p@ss/word',
      schema: 'team',
      ssl: false,
    });
    expect(address.name).toBe('postgres://db.example:6432/work?schema=team');
  });

  test('[STO10] leaves out what the variables of PostgreSQL’s own programs say', () => {
    const env = { PGHOST: '10.0.0.7', PGPORT: '6000', PGDATABASE: 'work', PGSSLMODE: 'require' };

    expect(postgresAddress('postgres://', env)).toMatchObject({
      host: '10.0.0.7',
      port: 6000,
      database: 'work',
      schema: 'hearth',
      ssl: { rejectUnauthorized: false },
    });
    expect(postgresAddress('postgres:///work?host=/run/postgresql', {})).toMatchObject({
      host: '/run/postgresql',
      ssl: false,
    });
  });

  test('[STO10] a connection that leaves the machine is encrypted and verified unless the address says otherwise', () => {
    expect(postgresAddress('postgres://db.example/work', {}).ssl).toEqual({});
    expect(postgresAddress('postgres://127.0.0.1/work', {}).ssl).toBe(false);
    expect(postgresAddress('postgres://127.0.0.1/work?sslmode=verify-full', {}).ssl).toEqual({});
    const verifyCa = postgresAddress('postgres://db.example/work?sslmode=verify-ca', {}).ssl;
    expect(verifyCa).toMatchObject({ checkServerIdentity: expect.any(Function) });
    expect(verifyCa).not.toHaveProperty('rejectUnauthorized');
  });

  test('[STO10] files of certificates are read, and named when they are missing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-address-'));
    const file = join(folder, 'root.crt');
    writeFileSync(file, 'a certificate');

    const { ssl } = postgresAddress(`postgres://db.example/work?sslmode=require&sslrootcert=${file}`, {});
    expect(ssl).toMatchObject({ ca: 'a certificate', checkServerIdentity: expect.any(Function) });
    expect(ssl).not.toHaveProperty('rejectUnauthorized');
    rmSync(folder, { recursive: true });
    expect(refusal(`postgres://db.example/work?sslrootcert=${file}`).message).toContain(file);
  });

  test.each([
    ['postgres://ann:geheim@db.example:port/work', /no URL/],
    ['postgres://ann:geheim@db.example/work?sslmode=prefer', /sslmode/],
    ['postgres://ann:geheim@db.example/work?schema=a;drop', /schema/],
    ['postgres://ann:geheim@db.example/work?pgbouncer=true', /pgbouncer/],
  ])('[STO10] %s is refused, and its password not shown', (url, why) => {
    const error = refusal(url);

    expect(error.code).toBe('invalid_request');
    expect(error.message).toMatch(why);
    expect(`${error.message} ${error.hint}`).not.toContain('geheim');
  });
});
