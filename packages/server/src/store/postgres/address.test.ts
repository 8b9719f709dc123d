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

function sslOf(url: string): unknown {
  return postgresAddress(url, {}).hosts.current.ssl;
}

const hostsOf = (url: string, env: Record<string, string> = {}) =>
  postgresAddress(url, env).hosts.all.map(({ host, port }) => `${host} ${port}`);

describe('the address of a database', () => {
  test('[STO10] is read whole, and named without user and password', () => {
    const address = postgresAddress(
      'postgres://ann:p%40ss%2Fword@db.example:6432/work?schema=team&sslmode=disable',
      {},
    );

    expect(address).toMatchObject({
      database: 'work',
      user: 'ann',
      password: 'p@ss/word',
      schema: 'team',
    });
    expect(address.hosts.all).toEqual([{ host: 'db.example', port: 6432, ssl: false }]);
    expect(address.name).toBe('postgres://db.example:6432/work?schema=team');
  });

  test('[STO10] leaves out what the variables of PostgreSQL’s own programs say', () => {
    const env = { PGHOST: '10.0.0.7', PGPORT: '6000', PGDATABASE: 'work', PGSSLMODE: 'require' };

    const address = postgresAddress('postgres://', env);
    expect(address).toMatchObject({ database: 'work', schema: 'hearth' });
    expect(address.hosts.all).toEqual([{ host: '10.0.0.7', port: 6000, ssl: { rejectUnauthorized: false } }]);
    expect(postgresAddress('postgres:///work?host=/run/postgresql', {}).hosts.all).toEqual([
      { host: '/run/postgresql', port: 5432, ssl: false },
    ]);
  });

  test('[STO10] a connection that leaves the machine is encrypted and verified unless the address says otherwise', () => {
    expect(sslOf('postgres://db.example/work')).toEqual({});
    expect(sslOf('postgres://127.0.0.1/work')).toBe(false);
    expect(sslOf('postgres://127.db.example/work')).toEqual({});
    expect(sslOf('postgres://[::1]/work')).toBe(false);
    expect(sslOf('postgres://127.0.0.1/work?sslmode=verify-full')).toEqual({});
    const verifyCa = sslOf('postgres://db.example/work?sslmode=verify-ca');
    expect(verifyCa).toMatchObject({ checkServerIdentity: expect.any(Function) });
    expect(verifyCa).not.toHaveProperty('rejectUnauthorized');
  });

  test('[STO10] files of certificates are read, and named when they are missing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearth-address-'));
    const file = join(folder, 'root.crt');
    writeFileSync(file, 'a certificate');

    const ssl = sslOf(`postgres://db.example/work?sslmode=require&sslrootcert=${file}`);
    expect(ssl).toMatchObject({ ca: 'a certificate', checkServerIdentity: expect.any(Function) });
    expect(ssl).not.toHaveProperty('rejectUnauthorized');
    rmSync(folder, { recursive: true });
    expect(refusal(`postgres://db.example/work?sslrootcert=${file}`).message).toContain(file);
  });

  test('[STO14] names a primary and its standbys as other programs do', () => {
    const address = postgresAddress('postgres://ann:p%2C@one.example:6432,[2001:db8::2],three.example/work', {});
    expect(address.name).toBe('postgres://one.example:6432,[2001:db8::2]:5432,three.example:5432/work');
    expect(address).toMatchObject({ user: 'ann', password: 'p,', database: 'work' });
    expect(hostsOf('postgres:///work?host=one,two&port=1,2')).toEqual(['one 1', 'two 2']);
    expect(hostsOf('postgres:///work?host=one,two&port=7')).toEqual(['one 7', 'two 7']);
    expect(hostsOf('postgres:///work?host=one,two&port=1,')).toEqual(['one 1', 'two 5432']);
    expect(hostsOf('postgres:///work', { PGHOST: 'one,two', PGPORT: '1,2' })).toEqual(['one 1', 'two 2']);
    expect(hostsOf('postgres://one,two/work?target_session_attrs=read-write')).toEqual(['one 5432', 'two 5432']);
  });

  test.each([
    ['postgres://ann:geheim@one,two,three/work?port=1,2', /3 hosts and 2 ports/],
    ['postgres://ann:geheim@one,two/work?target_session_attrs=standby', /target_session_attrs/],
    ['postgres://ann:geheim@one:1,two:port/work', /no URL/],
    ['postgres://ann:geheim@db.example:port/work', /no URL/],
    ['postgres://ann:geheim@db.example/work?sslmode=prefer', /sslmode/],
    ['postgres://ann:geheim@db.example/work?schema=a;drop', /schema/],
    ['postgres://ann:geheim@db.example/work?schema=pg_hearth', /schema/],
    ['postgres://ann:50%geheim@db.example/work', /a % that encodes nothing/],
    ['postgres://ann:geheim@db.example/100%', /a % that encodes nothing/],
    ['postgres://ann:5/geheim@db.example/work', /an @ or a # behind its host/],
    ['postgres://ann:5#geheim@db.example/work', /an @ or a # behind its host/],
    ['postgres://ann:5?geheim@db.example/work', /an @ or a # behind its host/],
    ['postgres://ann:geheim@db.example/work?port=abc', /port/],
    ['postgres://ann:geheim@db.example/work?port=99999', /port/],
    ['postgres://ann:geheim@db.example/work?connect_timeout=soon', /connect_timeout/],
    ['postgres://ann:geheim@db.example/work?connect_timeout=-1', /connect_timeout/],
    ['postgres://ann:geheim@db.example/work?pgbouncer=true', /pgbouncer/],
  ])('[STO10] %s is refused, and its password not shown', (url, why) => {
    const error = refusal(url);

    expect(error.code).toBe('invalid_request');
    expect(error.message).toMatch(why);
    expect(`${error.message} ${error.hint}`).not.toContain('geheim');
  });
});
