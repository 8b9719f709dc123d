import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Event } from '@hearth/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHearth } from '../main.ts';
import type { Access } from './access.ts';
import { EmbeddedAccess } from './embedded-access.ts';
import { runTurn } from './run-turn.ts';
import type { RunTurnOptions } from './run-turn.ts';
import { RecordedTerminal } from './testing/recorded-terminal.ts';

let folder: string;
let access: EmbeddedAccess;
let terminal: RecordedTerminal;
let interrupt: () => void;
let isListening: boolean;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearth-run-'));
  const settings = { dataDir: join(folder, 'data'), workspace: [folder], agent: 'scripted', maxRetries: 0 };
  access = new EmbeddedAccess(await createHearth(settings));
  terminal = new RecordedTerminal({ together: false });
  isListening = false;
});

afterEach(async () => {
  await access.close();
  await rm(folder, { recursive: true, force: true });
});

async function run(prompt: string, options: Partial<RunTurnOptions> = {}): Promise<number> {
  const { id } = await access.create({});
  return runTurn({
    access,
    sessionId: id,
    prompt,
    after: 0,
    pending: [],
    json: false,
    policy: 'deny',
    terminal,
    ask: () => Promise.reject(new Error('nobody was to be asked')),
    onInterrupt: (listener) => {
      interrupt = listener;
      isListening = true;
      return () => undefined;
    },
    ...options,
  });
}

/** Waits for something to be on the terminal. */
async function shown(stream: 'stdout' | 'stderr', text: string): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end;) {
    if (terminal[stream].includes(text)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${JSON.stringify(text)} was not shown within half a minute, but: ${terminal[stream]}`);
}

/** The same sessions, where one call is never answered. */
function without(name: 'send' | 'interrupt'): Access {
  return {
    isHere: access.isHere,
    create: (params) => access.create(params),
    list: (query) => access.list(query),
    get: (id) => access.get(id),
    delete: (id) => access.delete(id),
    fork: (id, params) => access.fork(id, params),
    rewind: (id, params) => access.rewind(id, params),
    send: (id, message) => access.send(id, message),
    interrupt: (id) => access.interrupt(id),
    answer: (id, approvalId, answer) => access.answer(id, approvalId, answer),
    transcript: (id) => access.transcript(id),
    events: (id, options) => access.events(id, options),
    onConnection: () => undefined,
    close: () => access.close(),
    [name]: () => new Promise<never>(() => undefined),
  };
}

const asking = '[[tool Write {"file_path":"a.txt","content":"x"}]]';

describe('a turn at the terminal', () => {
  test('ends with 0 when it completed, its answer alone on standard output', async () => {
    expect(await run('[[think hm]] [[say Hello world]]')).toBe(0);
    expect(terminal.stdout).toBe('Hello world\n');
    expect(terminal.stderr).toMatch(/^hm\n.* tokens in, .* out\n$/);
  });

  test('ends with 1 when it failed, and says why', async () => {
    expect(await run('[[status 401]]')).toBe(1);
    expect(terminal.stdout).toBe('');
    expect(terminal.stderr).toContain('(agent_unauthorized)');
  });

  test('ends with 130 when it was interrupted, its text kept', async () => {
    const code = run('[[tokens 2000 5]]');
    await shown('stdout', 'w1 ');
    interrupt();
    expect(await code).toBe(130);
    expect(terminal.stderr).toContain('interrupting…');
    expect(terminal.stderr).toContain('interrupted (as was asked for)');
  });

  test('is left at once by the second interrupt', async () => {
    const code = run('[[tokens 2000 5]]', { access: without('interrupt') });
    await shown('stdout', 'w1 ');
    interrupt();
    interrupt();
    expect(await code).toBe(130);
  });

  test('is left at once while the server does not answer', async () => {
    const code = run('hello', { access: without('send') });
    await expect.poll(() => isListening).toBe(true);
    interrupt();
    interrupt();
    expect(await code).toBe(130);
  });

  test('ends with 1 when the server went and did not come back', async () => {
    let tell: (state: 'lost' | 'back') => void = () => undefined;
    const going: Access = { ...without('interrupt'), onConnection: (listener) => (tell = listener) };
    const code = run('[[tokens 2000 5]]', { access: going, patienceMs: 20 });
    await shown('stdout', 'w1 ');
    tell('lost');
    tell('back');
    tell('lost');
    expect(await code).toBe(1);
    expect(terminal.stderr).toContain('connected again');
    expect(terminal.stderr).toContain('did not come back');
  });

  test('that is left while the server is away says nothing of the requests that leaving ends', async () => {
    let end: (error: Error) => void = () => undefined;
    const interruption = new Promise<never>((_, reject) => (end = reject));
    const code = run('[[tokens 2000 5]]', { access: { ...without('interrupt'), interrupt: () => interruption } });
    await shown('stdout', 'w1 ');
    interrupt();
    interrupt();
    expect(await code).toBe(130);
    const before = terminal.stderr;
    end(new Error('The client was closed.'));
    await expect(interruption).rejects.toThrow();
    await new Promise((resolve) => setImmediate(resolve));
    expect(terminal.stderr).toBe(before);
  });

  test('keeps the answers of other turns of the session off standard output', async () => {
    const { id } = await access.create({});
    await access.send(id, { content: '[[tokens 40 5]]' });
    expect(await run('[[say mine]]', { sessionId: id })).toBe(0);
    expect(terminal.stdout).toBe('mine\n');
    expect(terminal.stderr).toContain('w39');
  });

  test('prints its events as JSON lines and nothing else', async () => {
    expect(await run('[[say Hi]]', { json: true })).toBe(0);
    const events = terminal.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Event);
    expect(events[0]).toMatchObject({ seq: 1, type: 'session.created' });
    expect(events.at(-1)).toMatchObject({ type: 'message.completed' });
    expect(terminal.stderr).toBe('');
  });
});

describe('approvals', () => {
  test('are denied where nobody can be asked, and the agent and the user are told', async () => {
    expect(await run(asking)).toBe(0);
    expect(terminal.stderr).toContain('denied, for nobody can be asked here (--yes allows): Write');
    expect(terminal.stdout).toContain('Nobody could be asked');
  });

  test('are allowed with --yes', async () => {
    expect(await run(asking, { policy: 'allow' })).toBe(0);
    expect(terminal.stdout).not.toContain('Nobody');
    expect(terminal.stderr).toContain('  allow by owner');
  });

  test('are asked for one after the other, and what comes meanwhile is shown afterwards', async () => {
    const asked: string[] = [];
    let open = 0;
    const code = await run(`${asking} [[tool Bash {"command":"rm x"}]]`, {
      policy: 'ask',
      ask: async (approval) => {
        open += 1;
        expect(open).toBe(1);
        const before = terminal.stderr;
        asked.push(approval.toolName);
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect(terminal.stderr).toBe(before);
        open -= 1;
        return { type: 'answer', answer: { decision: 'deny', message: `no ${approval.toolName}` } };
      },
    });
    expect(code).toBe(0);
    expect(asked).toEqual(['Write', 'Bash']);
    expect(terminal.stdout).toContain('no Write');
    expect(terminal.stdout).toContain('no Bash');
  });

  test('that are left by Ctrl-C stop the turn', async () => {
    expect(await run(asking, { policy: 'ask', ask: () => Promise.resolve({ type: 'interrupt' }) })).toBe(130);
  });

  test('that somebody else answered are taken back', async () => {
    const code = await run(asking, {
      policy: 'ask',
      ask: async (approval, signal) => {
        const { items } = await access.list({});
        await access.answer(items[0]!.id, approval.approvalId, { decision: 'allow' });
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        return { type: 'settled' };
      },
    });
    expect(code).toBe(0);
  });
});
