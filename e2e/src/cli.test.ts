import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from '@hearth/client';
import type { Event, Session, UsageReport } from '@hearth/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CliProcess, runCli } from './cli-process.ts';
import { childrenOf, isAlive, Place } from './server-process.ts';

const LISTENING = /^listening on (http:\/\/127\.0\.0\.1:\d+)$/;

async function start(place: Place, args: readonly string[]): Promise<{ server: CliProcess; url: string }> {
  const server = new CliProcess(place, args);
  await server.wrote('stdout', '/login?code=');
  const [, url] = LISTENING.exec(server.stdout.split('\n')[0] ?? '') ?? [];
  if (url === undefined) throw new Error(`The first line is not the address: ${server.stdout}`);
  return { server, url };
}

function eventsOf(stdout: string): Event[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
}

function answerOf(events: readonly Event[]): string {
  return events
    .flatMap((event) => (event.type === 'block.completed' && event.kind === 'text' ? [event.text] : []))
    .join('');
}

describe('hearth demo', () => {
  const place = new Place();
  let server: CliProcess;
  let url: string;

  beforeAll(async () => {
    ({ server, url } = await start(place, ['demo', '--port', '0', '--max-retries', '1']));
  });

  afterAll(async () => {
    server.kill('SIGKILL');
    await server.ended;
    place.remove();
  });

  test('says where it listens, how a browser gets in, and what to try', async () => {
    // What to try comes after the line for which the start waited, and may be on its way.
    await expect.poll(() => server.stdout).toContain(`curl -s -X POST ${url}/v1/sessions`);
    const [first, second] = server.stdout.split('\n');
    expect(first).toMatch(LISTENING);
    expect(second).toMatch(new RegExp(`^open ${url}/login\\?code=[\\w-]+$`));
    expect(server.stdout).toContain('run "Hello there"');
  });

  test('runs the real claude binary for hearth run, which finds the server by itself', async () => {
    const { code, stdout, stderr } = await runCli(place, ['run', 'hello there']);
    expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: 'echo: hello there\n' });
    expect(stderr).toMatch(/session [\w-]+ \(go on: hearth run --session/);
    expect(childrenOf(server.pid).length).toBeGreaterThan(0);
  });

  test('goes on with a session on the same process', async () => {
    const first = await runCli(place, ['run', '--json', '[[say one]]']);
    const { sessionId } = eventsOf(first.stdout)[0]!;
    const before = childrenOf(server.pid);
    const second = await runCli(place, ['run', '--session', sessionId, '-'], { input: '[[say two]]\n' });
    expect(second).toMatchObject({ code: 0, stdout: 'two\n' });
    expect(childrenOf(server.pid)).toEqual(before);
  });

  test('answers the client library with the token of its data directory', async () => {
    const token = readFileSync(join(place.data, 'token'), 'utf8').trim();
    const hearth = connect({ url, token });
    try {
      const session = await hearth.sessions.create();
      expect(await session.prompt('[[say from the library]]').text).toBe('from the library');
    } finally {
      hearth.close();
    }
  });

  test('--json gives the events as lines and nothing else', async () => {
    const { code, stdout } = await runCli(place, ['run', '--json', '[[say as lines]]']);
    const events = eventsOf(stdout);
    expect(code).toBe(0);
    expect(events[0]!.type).toBe('session.created');
    expect(events.at(-1)!.type).toBe('message.completed');
    expect(answerOf(events)).toBe('as lines');
    expect(events.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq).sort((a, b) => a - b));
  });

  test('exits with 1 and a reason when the turn fails', async () => {
    const { code, stdout, stderr } = await runCli(place, ['run', '[[status 401 9]]']);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('agent_unauthorized');
  });

  test('exits with 130 when Ctrl-C interrupts the turn, and the session lives on', async () => {
    const run = new CliProcess(place, ['run', '[[tokens 5000 10]]']);
    await run.wrote('stdout', 'w5 ');
    run.kill('SIGINT');
    expect(await run.ended).toBe(130);
    const [, id] = /--session ([\w-]+)/.exec(run.stderr) ?? [];
    expect(await runCli(place, ['run', '-s', id!, '[[say still here]]'])).toMatchObject({ stdout: 'still here\n' });
  });

  test('asks nobody without a terminal: it denies, or allows with --yes', async () => {
    const prompt = '[[tool Write {"file_path":"made.txt","content":"by the agent"}]]';
    const denied = await runCli(place, ['run', prompt]);
    expect(denied.stderr).toContain('denied, for nobody can be asked here');
    const workspace = join(place.data, 'workspace');
    expect(existsSync(join(workspace, 'made.txt'))).toBe(false);

    const absolute = prompt.replace('made.txt', join(workspace, 'made.txt'));
    expect(await runCli(place, ['run', '--yes', absolute])).toMatchObject({ code: 0 });
    expect(readFileSync(join(workspace, 'made.txt'), 'utf8')).toBe('by the agent');
  });

  test('shows sessions, follows one, exports and removes it', async () => {
    const { stdout } = await runCli(place, ['run', '--json', '[[say remember me]]']);
    const { sessionId } = eventsOf(stdout)[0]!;
    const listed = JSON.parse((await runCli(place, ['sessions', 'list', '--json'])).stdout) as Session[];
    expect(listed.map(({ id }) => id)).toContain(sessionId);
    expect((await runCli(place, ['sessions', 'list'])).stdout).toMatch(new RegExp(`^ID .*\\n[^]*${sessionId}  idle`));
    expect((await runCli(place, ['sessions', 'show', sessionId])).stdout).toContain('state');
    expect((await runCli(place, ['sessions', 'export', sessionId])).stdout).toContain('remember me');

    const followers = [new CliProcess(place, ['attach', sessionId]), new CliProcess(place, ['attach', sessionId])];
    for (const follower of followers) await follower.wrote('stdout', 'remember me\n');
    await runCli(place, ['run', '-s', sessionId, '[[say live]]']);
    for (const follower of followers) await follower.wrote('stdout', 'live\n');

    const refused = await runCli(place, ['sessions', 'rm', sessionId]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('--yes') as unknown });
    expect(await runCli(place, ['sessions', 'rm', '--yes', sessionId])).toMatchObject({ code: 0 });
    for (const follower of followers) expect(await follower.ended).toBe(0);
    expect(await runCli(place, ['sessions', 'show', sessionId])).toMatchObject({ code: 1 });
  });

  test('makes tokens and links for the owner', async () => {
    const created = JSON.parse((await runCli(place, ['tokens', 'create', 'ci', '--json'])).stdout) as {
      id: string;
      token: string;
    };
    const asCi = ['sessions', 'list', '--url', url, '--token', created.token];
    expect(await runCli(place, asCi)).toMatchObject({ code: 0 });
    expect((await runCli(place, ['tokens', 'list'])).stdout).toContain(created.id);
    expect(await runCli(place, ['tokens', 'revoke', created.id])).toMatchObject({ code: 0 });
    expect(await runCli(place, asCi)).toMatchObject({ code: 1, stderr: expect.stringContaining('token') as unknown });

    const link = (await runCli(place, ['link'])).stdout.trim();
    const answer = await fetch(link, { redirect: 'manual' });
    expect(answer.status).toBe(302);
    expect(answer.headers.get('set-cookie')).toMatch(/HttpOnly.*SameSite/);
    expect((await fetch(link, { redirect: 'manual' })).status).toBe(401);
  });

  test('[USE5] tells what was used, as a table, as JSON and as CSV', async () => {
    const { sessionId } = eventsOf((await runCli(place, ['run', '--json', '[[say count me]]'])).stdout)[0]!;
    const usage = async (...args: string[]) => await runCli(place, ['usage', '--group-by', 'session', ...args]);
    const { items, total } = JSON.parse((await usage('--json')).stdout) as UsageReport;
    const own = items.find(({ key }) => key === sessionId);
    expect(own).toMatchObject({ turns: 1 });
    expect((await usage('--csv')).stdout).toContain(`${sessionId},1,${own?.inputTokens},${own?.outputTokens},`);
    const lines = (await usage()).stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^SESSION +TURNS/);
    expect(lines.at(-1)?.split(/ {2,}/).slice(0, 2)).toEqual(['total', String(total.turns)]);
    expect(JSON.parse((await usage('--json', '--to', '2001-01-01')).stdout)).toMatchObject({ items: [] });
    expect(await usage('--from', 'yesterday')).toMatchObject({ code: 1 });
    expect(await usage('--json', '--csv')).toMatchObject({ code: 1, stdout: '' });
  });

  test('is well in the doctor’s eyes, who reads no secret', async () => {
    const env = { ANTHROPIC_API_KEY: 'never-to-be-shown' };
    const { code, stdout } = await runCli(place, ['doctor'], { env });
    expect(stdout).toContain('ANTHROPIC_API_KEY in the environment');
    expect(stdout).not.toContain('never-to-be-shown');
    expect(stdout).toContain(`${url}, pid ${server.pid}`);
    expect(stdout).toMatch(/✓ database .*undamaged, in use by the running server/);
    expect(code).toBe(0);
  });

  test('touches no login: the home directory of the user stays empty of Claude’s files', () => {
    expect(existsSync(join(place.home, '.claude'))).toBe(false);
    expect(existsSync(join(place.home, '.claude.json'))).toBe(false);
    expect(existsSync(join(place.data, 'claude'))).toBe(true);
  });

  test('ends in order when it is told to, with its agents, and is not found any more', async () => {
    const agents = childrenOf(server.pid);
    expect(agents.length).toBeGreaterThan(0);
    server.kill('SIGTERM');
    expect(await server.ended).toBe(0);
    expect(existsSync(join(place.data, 'server.json'))).toBe(false);
    await expect.poll(() => agents.filter(isAlive)).toEqual([]);
  });
});

describe('hearth serve', () => {
  let place: Place;
  const running: CliProcess[] = [];

  beforeEach(() => {
    place = new Place();
  });

  afterEach(async () => {
    for (const server of running.splice(0)) {
      server.kill('SIGKILL');
      await server.ended;
    }
    place.remove();
  });

  async function serve(...flags: string[]): Promise<{ server: CliProcess; url: string }> {
    const started = await start(place, ['serve', '--port', '0', '--agent', 'scripted', ...flags]);
    running.push(started.server);
    return started;
  }

  /** One message that says what is wrong and what to do, exit code 1, and no stack trace. */
  async function refusal(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runCli(place, ['serve', '--log-level', 'warn', ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^hearth: .+\n {2}→ .+\n$/);
    return stderr;
  }

  test('says so when the port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    expect(await refusal('--port', String(port))).toContain(`port ${port}`);
    await new Promise((resolve) => other.close(resolve));
  });

  test('says so when the data directory is used, cannot be made, or holds a damaged database', async () => {
    const { server } = await serve();
    expect(await refusal('--port', '0')).toContain(`pid ${server.pid}`);

    writeFileSync(join(place.root, 'file'), '');
    expect(await refusal('--port', '0', '--data-dir', join(place.root, 'file', 'data'))).toContain('write permission');

    const damaged = join(place.temporary, 'hearth.db');
    writeFileSync(damaged, 'this was a database once '.repeat(400));
    expect(await refusal('--port', '0', '--data-dir', place.temporary)).toContain(damaged);
    expect(readFileSync(damaged, 'utf8')).toContain('this was a database once');
    const { code, stdout } = await runCli(place, ['doctor', '--data-dir', place.temporary, '--json']);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; verdict: string }[] };
    expect(code).toBe(1);
    expect(checks.find(({ name }) => name === 'database')).toMatchObject({ verdict: 'wrong' });
  });

  test('says so when a setting is wrong', async () => {
    expect(await refusal('--port', 'many')).toContain('--port is "many"');
    expect(await refusal('--agent', 'nobody', '--port', '0')).toContain('claude, scripted');
  });

  test('shows where an unusual error comes from when asked for it', async () => {
    const { stderr } = await runCli(place, ['serve', '--log-level', 'debug', '--agent', 'nobody', '--port', '0']);
    expect(stderr).toMatch(/\n {4}at /);
  });

  test('lets a running turn end when it is told to stop', async () => {
    const { server } = await serve();
    const run = new CliProcess(place, ['run', '[[tokens 60 20]] [[say the end]]']);
    await run.wrote('stdout', 'w5 ');
    server.kill('SIGTERM');
    expect(await run.ended).toBe(0);
    expect(run.stdout).toContain('the end');
    expect(await server.ended).toBe(0);
  });

  test('leaves at once at the second signal', async () => {
    const { server } = await serve('--shutdown-grace-ms', '1h');
    const run = new CliProcess(place, ['run', '[[tokens 5000 20]]']);
    running.push(run);
    await run.wrote('stdout', 'w5 ');
    server.kill('SIGINT');
    await server.wrote('stderr', 'stopping');
    expect(isAlive(server.pid)).toBe(true);
    server.kill('SIGINT');
    expect(await server.ended).toBe(1);
  });
});

describe('without a server', () => {
  const place = new Place();
  afterAll(() => place.remove());

  test('hearth run serves the session itself and goes on with it in the next run', async () => {
    const first = await runCli(place, ['run', '--agent', 'scripted', '--json', '[[say one]]']);
    expect(first.code).toBe(0);
    const { sessionId } = eventsOf(first.stdout)[0]!;
    expect(await runCli(place, ['run', '-s', sessionId, '[[say two]]'])).toMatchObject({ code: 0, stdout: 'two\n' });
    const exported = await runCli(place, ['sessions', 'export', sessionId, '--format', 'json']);
    expect(exported.stdout).toContain('"one"');
    expect(exported.stdout).toContain('"two"');
  });

  test('hearth run says how to go on, with what names the place', async () => {
    const dataDir = join(place.root, 'another place');
    const first = await runCli(place, ['run', '--agent', 'scripted', '--data-dir', dataDir, '[[say one]]']);
    const [, words] = /\(go on: hearth (run .+) "…"\)/.exec(first.stderr) ?? [];
    expect(words).toMatch(/^run --data-dir '.*another place' --session [\w-]+$/);
    const flags = words!
      .replaceAll("'", '')
      .split(/ (?=--)/)
      .flatMap((word) => word.split(/(?<=^--[\w-]+) /));
    expect(await runCli(place, [...flags, '[[say two]]'])).toMatchObject({ code: 0, stdout: 'two\n' });
  });

  test('what needs one says how to start it', async () => {
    for (const args of [['link'], ['attach', 'x'], ['tokens', 'list']]) {
      const { code, stderr } = await runCli(place, args);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('hearth serve') as unknown });
    }
  });

  test('an unknown session and an empty prompt are told plainly', async () => {
    expect((await runCli(place, ['run', '-s', 'nope', 'hi'])).stderr).toContain('There is no such session.');
    expect(await runCli(place, ['run'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no prompt.') as unknown,
    });
  });
});
