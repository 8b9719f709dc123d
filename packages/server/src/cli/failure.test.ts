import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@hearth/client';
import { HearthError } from '@hearth/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHearth } from '../main.ts';
import type { Hearth } from '../main.ts';
import { failureLines } from './failure.ts';
import { timeOf } from './usage.ts';

describe('a failure', () => {
  test('is told in a message and what to do', () => {
    const error = new HearthError('invalid_request', 'No.', {
      hint: 'Say yes.',
      issues: [{ path: 'a.b', message: 'is wrong' }],
    });
    expect(failureLines(error)).toEqual(['hearth: No.', '  a.b: is wrong', '  → Say yes.']);
    expect(failureLines(new HearthError('not_found', 'Gone.'))).toEqual(['hearth: Gone.']);
  });

  test('that nobody expected asks to be reported, and never steers the terminal', () => {
    const [first, second] = failureLines(new TypeError('x is\u001b[2J not a function'));
    expect(first).toBe('hearth: x is[2J not a function');
    expect(second).toContain('please report it');
    expect(failureLines('thrown text')[0]).toBe('hearth: thrown text');
  });
});

describe('a server’s refusal', () => {
  let folder: string;
  let server: Hearth;
  let url: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearth-failure-'));
    server = await createHearth({ dataDir: folder, workspace: [folder], agent: 'scripted', port: 0, token: 'right' });
    ({ url } = await server.listen());
  });
  afterAll(async () => {
    await server.close(0);
    await rm(folder, { recursive: true, force: true });
  });

  async function told(token: string, ask: (client: ReturnType<typeof connect>) => Promise<unknown>): Promise<string> {
    const client = connect({ url, token });
    try {
      return await ask(client).then(
        () => 'it worked',
        (error: unknown) => failureLines(error).join('\n'),
      );
    } finally {
      client.close();
    }
  }

  test('of a token names where one is given', async () => {
    expect(await told('wrong', (client) => client.ready())).toMatch(/--token.*HEARTH_TOKEN/);
  });

  test('of what it does not have names the command that lists it', async () => {
    expect(await told('right', (client) => client.sessions.get('nope'))).toContain('`hearth sessions list`');
    expect(await told('right', (client) => client.tokens.revoke('nope'))).toContain('`hearth tokens list`');
    expect(await told('right', (client) => client.accounts.get('nope'))).toContain('`hearth accounts list`');
  });

  test('of a value does not speak of requests', async () => {
    const text = await told('right', (client) => client.usage({ from: 'foo' }));
    expect(text).toContain('  from: ');
    expect(text).not.toMatch(/shape|openapi/);
  });
});

describe('a time of the usage', () => {
  test('is a date or an ISO time, else the flag is named', async () => {
    expect(await timeOf('from', '2027-01-31')).toBe('2027-01-31');
    expect(await timeOf('to', '2027-01-31T10:00:00+02:00')).toBe('2027-01-31T10:00:00+02:00');
    await expect(timeOf('to', 'foo')).rejects.toThrow('--to "foo" is no date and no time.');
    await expect(timeOf('from', '2027-02-31')).rejects.toThrow('--from');
  });
});
