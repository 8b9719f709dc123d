import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MessagesApi } from '@hearth/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CliProcess, runCli } from './cli-process.ts';
import { Place, scriptedApi, ServerProcess } from './server-process.ts';

describe('hearth conformance', () => {
  const place = new Place();
  const client = new Place();
  let api: MessagesApi;
  let server: ServerProcess;
  let env: Record<string, string>;

  beforeAll(async () => {
    api = await scriptedApi();
    server = await ServerProcess.start(place, api, { agent: 'scripted' });
    env = { HEARTH_TOKEN: server.target('scripted').token };
  });

  afterAll(async () => {
    await server.stop();
    await api.close();
    place.remove();
    client.remove();
  });

  test('gives a verdict for each rule that was asked for, and leaves no session behind', async () => {
    const { code, stdout, stderr } = await runCli(
      client,
      ['conformance', server.url, '--only', 'http2', '--only', 'INT3', '--only', 'SUB15'],
      { env },
    );

    expect(stderr).toBe('');
    expect(stdout).toMatch(/^✓ INT3 {5}an interrupt of an idle session does nothing and says so$/m);
    expect(stdout).toMatch(/^✓ HTTP2 {4}an unknown id is 404/m);
    expect(stdout).toMatch(/\n3 rules kept, 0 broken, by 3 cases\n$/);
    expect(code).toBe(0);
    const left = await runCli(client, ['sessions', 'list', '--url', server.url, '--json'], { env });
    expect(JSON.parse(left.stdout)).toEqual([]);
  });

  test('that is stopped by Ctrl-C removes what it had opened, too', async () => {
    const headers = { authorization: `Bearer ${env['HEARTH_TOKEN']}` };
    const sessions = async () => await (await fetch(`${server.url}/v1/sessions?status=all`, { headers })).json();
    const checks = new CliProcess(client, ['conformance', server.url, '--only', 'MSG'], { env });
    await expect.poll(sessions, { interval: 5 }).not.toEqual({ items: [] });
    checks.kill('SIGINT');
    expect(await checks.ended).toBe(130);
    expect(checks.stdout).toBe('');
    expect(await sessions()).toEqual({ items: [] });
  });

  test('says as JSON what was found', async () => {
    const { code, stdout } = await runCli(client, ['conformance', server.url, '--only', 'INT3', '--json'], { env });

    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      url: server.url,
      agent: 'scripted',
      rules: [{ rule: 'INT3', outcome: 'passed', cases: [{ outcome: 'passed' }] }],
    });
    expect(code).toBe(0);
  });

  test('ends with 1 when a rule is broken, and says what was seen', async () => {
    const broken = createServer((request, response) => {
      const isKnown = request.url === '/healthz' || request.url === '/v1/agents';
      response.writeHead(isKnown ? 200 : 500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ items: [{ name: 'scripted', available: true }] }));
    });
    await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
    const { port } = broken.address() as AddressInfo;
    try {
      const args = ['conformance', `http://127.0.0.1:${port}`, '--only', 'INT3'];
      const { code, stdout } = await runCli(client, args, { env });

      expect(stdout).toMatch(
        /^✗ INT3 {5}broken\n.*an interrupt of an idle session.*\n.*is created.*\n {13}500 !== 201\n/m,
      );
      expect(stdout).toMatch(/\n0 rules kept, 1 broken, by 1 case\n$/);
      expect(code).toBe(1);
    } finally {
      broken.close();
    }
  });

  test.each([
    ['a wrong token', ['--only', 'INT3', '--token', 'wrong'], /does not accept the token/],
    ['an agent that is not there', ['--agent', 'hal'], /no such agent/],
    ['a rule that is not there', ['--only', 'XYZ1'], /No rule "XYZ1"/],
  ])('refuses %s at once', async (_what, args, message) => {
    const { code, stderr } = await runCli(client, ['conformance', server.url, ...args], { env });

    expect(stderr).toMatch(message);
    expect(stderr).toContain('→');
    expect(code).toBe(1);
  });
});
