import { startPostgres } from '@hearth/testkit';
import type { PostgresServer } from '@hearth/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failure } from '../contract/fixture.ts';
import { openPostgresStore } from './open.ts';
import { Certificates } from './testing/certificates.ts';
import { askAs } from './testing/database.ts';

const trusted = new Certificates();
const others = new Certificates();
let server: PostgresServer;

beforeAll(async () => {
  trusted.sign('server', '/CN=localhost', 'localhost');
  trusted.sign('client', '/CN=hearth');
  server = await startPostgres({
    settings: { ssl: 'on', ssl_ca_file: 'root.crt' },
    files: {
      'server.crt': trusted.text('server.crt'),
      'server.key': trusted.text('server.key'),
      'root.crt': trusted.text('root.crt'),
      // Whoever is in the database "postgres" shows a certificate; nobody comes without TLS.
      'pg_hba.conf': [
        'hostssl postgres all 127.0.0.1/32 cert',
        'hostssl all all 127.0.0.1/32 scram-sha-256',
        'hostnossl all all 127.0.0.1/32 reject',
      ].join('\n'),
    },
  });
});

afterAll(async () => {
  await server.close();
  trusted.remove();
  others.remove();
});

function address(database: string, parameters: Record<string, string>, host = 'localhost'): string {
  const url = new URL(server.url);
  url.hostname = host;
  url.pathname = `/${database}`;
  for (const [name, value] of Object.entries({ schema: 'tls', ...parameters })) url.searchParams.set(name, value);
  return url.href;
}

const refusal = (...of: Parameters<typeof address>) => failure(openPostgresStore({ url: address(...of) }));

test('[STO10] a verified connection is encrypted; any other server or name is refused', async () => {
  const root = trusted.path('root.crt');
  const url = address('template1', { sslmode: 'verify-full', sslrootcert: root });
  const store = await openPostgresStore({ url });

  const connections = await askAsSuperuser(
    `select distinct ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = 'hearth'`,
  );
  expect(connections).toEqual([{ ssl: true }]);
  await store.close();

  const stranger = await refusal('template1', { sslmode: 'verify-full', sslrootcert: others.path('root.crt') });
  expect(stranger.message).toMatch(/certificate|self-signed|issuer/i);
  const otherName = await refusal('template1', { sslmode: 'verify-full', sslrootcert: root }, '127.0.0.1');
  expect(otherName.message).toMatch(/does not match certificate/);
  const unencrypted = await refusal('template1', { sslmode: 'disable' });
  expect(unencrypted.message).toMatch(/lets Hearth not in/);
  for (const error of [stranger, otherName, unencrypted]) {
    expect(`${error.message} ${error.hint}`).not.toContain(server.password);
  }
});

test('[STO10] verify-ca takes another name, require takes any server', async () => {
  for (const parameters of [
    { sslmode: 'verify-ca', sslrootcert: trusted.path('root.crt') },
    { sslmode: 'require' },
  ] as Record<string, string>[]) {
    const store = await openPostgresStore({ url: address('template1', parameters, '127.0.0.1') });
    await store.check();
    await store.close();
  }
  const stranger = await refusal(
    'template1',
    { sslmode: 'verify-ca', sslrootcert: others.path('root.crt') },
    '127.0.0.1',
  );
  expect(stranger.message).toMatch(/certificate|self-signed|issuer/i);
});

test('[STO10] a certificate of its own lets Hearth in without a password', async () => {
  const own = { sslcert: trusted.path('client.crt'), sslkey: trusted.path('client.key') };
  const verified = { sslmode: 'verify-full', sslrootcert: trusted.path('root.crt') };
  const url = new URL(address('postgres', { ...verified, ...own }));
  url.password = '';
  const store = await openPostgresStore({ url: url.href });
  await store.check();
  await store.close();

  expect((await refusal('postgres', verified)).message).toMatch(/lets Hearth not in.*certificate/);
});

function askAsSuperuser(text: string): Promise<object[]> {
  const url = address('template1', {});
  return askAs(url, text, [], { rejectUnauthorized: false });
}
