import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Account, Session } from '@hearth/protocol';
import { reply, startMessagesApi, startTokenEndpoint } from '@hearth/testkit';
import type { MessagesApi, TokenEndpoint } from '@hearth/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { CliProcess, runCli } from './cli-process.ts';
import { childrenOf, Place, ServerProcess } from './server-process.ts';

/** Whatever has this in it is a secret. Each has a part of its own, which says where a leak comes from. */
const MARK = 'leakmark';
const SECRETS = {
  apiKey: `sk-${MARK}-api-key`,
  accessToken: `${MARK}-access-token`,
  refreshToken: `${MARK}-refresh-token`,
  token: `${MARK}-gateway-token`,
  refused: `${MARK}-in-a-refusal`,
  passphrase: `${MARK}-passphrase`,
  piped: `${MARK}-through-a-pipe`,
};

/** The forms in which a text may stand in a file or an answer. */
const FORMS: readonly [string, Buffer][] = [
  ['as it is', Buffer.from(MARK)],
  ['UTF-16', Buffer.from(MARK, 'utf16le')],
  ['hex', Buffer.from(Buffer.from(MARK).toString('hex'))],
  ...[0, 1, 2].map((shift): [string, Buffer] => [`base64, shifted by ${shift}`, base64Core(MARK, shift)]),
];

/** What every base64 of a text that has `part` after so many bytes has in it. */
function base64Core(part: string, shift: number): Buffer {
  const whole = Buffer.from('x'.repeat(shift) + part).toString('base64');
  return Buffer.from(whole.slice(Math.ceil((shift * 4) / 3), Math.floor(((shift + part.length) * 4) / 3)));
}

/** The forms in which it is there. */
function leaks(bytes: Buffer | string): string[] {
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return FORMS.filter(([, form]) => buffer.includes(form)).map(([name]) => name);
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesIn(path);
    return entry.isFile() && statSync(path).size > 0 ? [path] : [];
  });
}

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** What everybody on the machine, and what its user, can see of a process. */
function shownBy(pid: number): string {
  return ['cmdline', 'environ']
    .map((name) => {
      try {
        return readFileSync(`/proc/${pid}/${name}`, 'latin1');
      } catch {
        // It has ended meanwhile.
        return '';
      }
    })
    .join('\n');
}

test('what looks for secrets finds them', () => {
  expect(leaks(`x ${SECRETS.apiKey} y`)).toEqual(['as it is']);
  expect(leaks(Buffer.from(`{"apiKey":"${SECRETS.apiKey}"}`, 'utf16le'))).toEqual(['UTF-16']);
  expect(leaks(Buffer.from(SECRETS.refused).toString('hex'))).toEqual(['hex']);
  for (let shift = 0; shift < 6; shift += 1) {
    expect(leaks(Buffer.from(`${'y'.repeat(shift)}${SECRETS.token}`).toString('base64'))).toHaveLength(1);
  }
  expect(leaks('nothing')).toEqual([]);
});

describe.each(['scripted', 'claude'])('secrets of accounts, while the agent %s works', (agent) => {
  const place = new Place();
  /** Everything that came back, by what was asked. */
  const told: [string, string][] = [];
  /** Everything that processes showed, by their pid. */
  const shown: [string, string][] = [];
  let api: MessagesApi;
  let provider: TokenEndpoint;
  let server: ServerProcess;
  let token: string;
  let socket: WebSocket;

  beforeAll(async () => {
    api = await startMessagesApi();
    provider = await startTokenEndpoint({ refreshTokens: [SECRETS.refreshToken], prefix: `${MARK}-renewed-` });
    server = await ServerProcess.start(place, api, {
      agent,
      flags: ['--log-level', 'trace', '--oauth-token-url', provider.url],
      env: { HEARTH_LOG_LEVEL: 'trace', DEBUG: '*' },
    });
    token = server.target(agent).token;
    socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/ws`, 'hearth.v1', {
      headers: { authorization: `Bearer ${token}` },
    });
    socket.on('message', (data: Buffer) => told.push(['WebSocket', data.toString('utf8')]));
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  });

  afterAll(async () => {
    socket.close();
    await server.stop('SIGKILL');
    await provider.close();
    await api.close();
    place.remove();
  });

  async function http<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    told.push([`${method} ${path}`, `${JSON.stringify([...response.headers])}\n${text}`]);
    return (text.startsWith('{') ? JSON.parse(text) : null) as Body;
  }

  let nextId = 1;
  async function rpc(method: string, params: unknown): Promise<void> {
    const id = nextId;
    nextId += 1;
    socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    await expect.poll(() => told.some(([by, text]) => by === 'WebSocket' && text.includes(`"id":${id},`))).toBe(true);
  }

  function lookAtProcesses(): void {
    for (const pid of [server.pid, ...descendantsOf(server.pid)]) shown.push([String(pid), shownBy(pid)]);
  }

  async function turn(sessionId: string, content: string): Promise<void> {
    await http('POST', `/v1/sessions/${sessionId}/messages`, { content });
    await expect
      .poll(
        async () => {
          lookAtProcesses();
          const path = `/v1/sessions/${sessionId}`;
          const session = await http<Pick<Session, 'phase' | 'queue' | 'approvals'>>('GET', path);
          for (const { approvalId } of session.approvals) {
            await http('POST', `${path}/approvals/${approvalId}`, { decision: 'allow' });
          }
          return session.phase === 'idle' && session.queue.length === 0;
        },
        { timeout: 60_000 },
      )
      .toBe(true);
  }

  /** The secrets were really in use, each of them; and a token that is refused is renewed. */
  async function seenByTheModelApi(sessionId: string, login: Account): Promise<void> {
    const { apiKey, accessToken, token: gatewayToken } = SECRETS;
    expect(new Set(api.requests.map((request) => request.apiKey))).toEqual(
      new Set([apiKey, accessToken, gatewayToken]),
    );
    api.setScript((request) => (request.apiKey === accessToken ? reply().status(401) : undefined));
    await http('PATCH', `/v1/sessions/${sessionId}`, { accountId: login.id });
    await turn(sessionId, '[[say with a renewed token]]');
    expect(provider.given).toHaveLength(1);
    api.setScript(undefined);
  }

  test('[ACC12] are in no answer, refusal, event, log, file, argument or environment, whatever is done with them', async () => {
    await rpc('accounts.watch', {});
    const at = { baseUrl: api.url };
    const kinds = [
      { kind: 'api_key', apiKey: SECRETS.apiKey, ...at },
      { kind: 'oauth', accessToken: SECRETS.accessToken, refreshToken: SECRETS.refreshToken, ...at },
      { kind: 'gateway', token: SECRETS.token, ...at },
    ];
    const made: Account[] = [];
    for (const params of kinds) made.push(await http<Account>('POST', '/v1/accounts', params));
    for (const params of kinds) await rpc('account.create', { ...params, enabled: false });
    expect(made.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
    const [key, login, gateway] = made as [Account, Account, Account];

    const wrong: unknown[] = [
      { kind: 'api_key', apiKey: `${SECRETS.refused} with spaces` },
      { kind: 'api_key', apiKey: { nested: SECRETS.refused } },
      { kind: 'api_key', apiKey: [SECRETS.refused] },
      { kind: 'api_key', apiKey: SECRETS.refused, priority: SECRETS.refused },
      { kind: SECRETS.refused, apiKey: SECRETS.refused },
      { kind: 'gateway', token: SECRETS.refused, baseUrl: `https://${SECRETS.refused}:${SECRETS.refused}@example` },
      { kind: 'gateway', token: SECRETS.refused, baseUrl: SECRETS.refused },
      { kind: 'gateway', token: SECRETS.refused },
      { kind: 'oauth', accessToken: SECRETS.refused, expiresAt: SECRETS.refused },
      `{"kind":"api_key","apiKey":"${SECRETS.refused}",`,
      JSON.stringify([SECRETS.refused]),
    ];
    for (const body of wrong) {
      await http('POST', '/v1/accounts', body);
      await http('PATCH', `/v1/accounts/${key.id}`, body);
      if (typeof body === 'object') {
        await rpc('account.create', body);
        await rpc('account.update', { ...body, accountId: key.id });
      }
    }
    for (const change of [{ token: SECRETS.refused }, { refreshToken: SECRETS.refused }]) {
      await http('PATCH', `/v1/accounts/${key.id}`, change);
    }
    // Some of these are no refusals for a change, which does not look at a kind.
    await http('PATCH', `/v1/accounts/${key.id}`, { apiKey: SECRETS.apiKey });
    await http('POST', '/v1/accounts', { kind: 'api_key', apiKey: 'x'.repeat(9000) + SECRETS.refused });
    await http('POST', '/v1/accounts/import', { passphrase: SECRETS.passphrase, data: SECRETS.refused });
    await http('POST', '/v1/accounts/export', { passphrase: { nested: SECRETS.passphrase } });

    const session = await http<{ id: string }>('POST', '/v1/sessions', { agent });
    await rpc('session.subscribe', { sessionId: session.id });
    for (const account of made) {
      await http('PATCH', `/v1/sessions/${session.id}`, { accountId: account.id });
      await turn(
        session.id,
        '[[say hello]] [[tool Bash {"command":"env; cat /proc/self/environ | tr \'\\\\0\' \'\\\\n\'"}]]',
      );
    }
    if (agent === 'claude') await seenByTheModelApi(session.id, login);
    await turn(session.id, '[[status 401 1]] [[say after a refused key]]');
    await turn(session.id, '[[status 400 9]]');

    const { data } = await http<{ data: string }>('POST', '/v1/accounts/export', { passphrase: SECRETS.passphrase });
    await http('POST', '/v1/accounts/import', { passphrase: SECRETS.passphrase, data });
    await http('POST', '/v1/accounts/import', { passphrase: `${SECRETS.passphrase} wrong`, data });
    await http('POST', '/v1/accounts/rotate-key', {});
    await http('PATCH', `/v1/accounts/${login.id}`, { accessToken: SECRETS.accessToken, label: 'renewed' });
    await http('PATCH', `/v1/accounts/${gateway.id}`, { enabled: false });
    await http('POST', `/v1/accounts/${key.id}/reset`);
    for (const path of ['/v1/accounts', `/v1/accounts/${key.id}`, '/v1/usage?groupBy=account', '/metrics', '/readyz']) {
      await http('GET', path);
    }
    await http('GET', `/v1/sessions/${session.id}/events?limit=10000`);
    await http('GET', `/v1/sessions/${session.id}/transcript?format=md`);
    await http('GET', '/v1/openapi.json');

    const piped = new CliProcess(place, ['accounts', 'add', '--label', 'piped', '--disabled'], {
      input: `${SECRETS.piped}\n`,
      env: { HEARTH_TOKEN: token },
    });
    while (!piped.stdout.includes('piped')) {
      shown.push(['hearth accounts add', shownBy(piped.pid)]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await piped.ended).toBe(0);
    told.push(['hearth accounts add', piped.stdout + piped.stderr]);
    for (const args of [
      ['accounts', 'list'],
      ['accounts', 'show', 'piped'],
      ['doctor', '--json'],
    ]) {
      const { stdout, stderr } = await runCli(place, args, { env: { HEARTH_TOKEN: token } });
      told.push([`hearth ${args.join(' ')}`, stdout + stderr]);
    }
    lookAtProcesses();

    expect(told.filter(([, text]) => leaks(text).length > 0).map(([by, text]) => [by, around(text)])).toEqual([]);
    expect(shown.filter(([, text]) => leaks(text).length > 0)).toEqual([]);
    expect(shown.length).toBeGreaterThan(10);
    expect(new Set(shown.map(([pid]) => pid)).size).toBeGreaterThan(agent === 'claude' ? 2 : 1);
    expect([server.output].filter((text) => leaks(text).length > 0).map(around)).toEqual([]);
    expect(server.output).toContain('an account was added');

    const stop = await server.stop('SIGTERM');
    expect(stop).toBe(0);
    const files = filesIn(place.root);
    expect(files.map((file) => file.slice(place.data.length + 1))).toContain('hearth.db');
    const leaking = files.filter((file) => leaks(readFileSync(file)).length > 0);
    expect(leaking).toEqual([]);
    expect(server.output).not.toContain(MARK);
  });
});

/** Some of a text on each side of what should not be in it. */
function around(text: string): string {
  const at = Math.max(0, ...FORMS.map(([, form]) => text.indexOf(form.toString())));
  return text.slice(Math.max(0, at - 200), at + 100);
}
