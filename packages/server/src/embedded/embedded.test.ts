import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Approval, ApprovalAnswer, Event } from '@hearth/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deferred } from '../concurrency/deferred.ts';
import { createHearth } from '../main.ts';
import type { Hearth } from '../main.ts';
import type { SessionHandle } from './session-handle.ts';

let folder: string;
let hearth: Hearth;
let session: SessionHandle;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearth-embedded-'));
  hearth = await start();
  session = await hearth.open({ cwd: folder, agent: 'scripted' });
});

afterEach(async () => {
  await hearth.close(0);
  await rm(folder, { recursive: true, force: true });
});

function start(): Promise<Hearth> {
  return createHearth({
    dataDir: join(folder, 'data'),
    workspace: [folder],
    agent: 'scripted',
    maxRetries: 0,
    port: 0,
  });
}

async function collect(events: AsyncIterable<Event>): Promise<Event[]> {
  const all: Event[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** Reads until the predicate holds, and gives that event. */
async function until(handle: SessionHandle, matches: (event: Event) => boolean, after = 0): Promise<Event> {
  for await (const event of handle.events({ after, signal: AbortSignal.timeout(5_000) })) {
    if (matches(event)) return event;
  }
  throw new Error('The event did not come within five seconds.');
}

function types(events: readonly Event[]): string[] {
  return [...new Set(events.map(({ type }) => type))];
}

describe('a query', () => {
  test('gives the events of its turn, from the message to the end, and then a result', async () => {
    const query = session.query('[[think hm]] [[say hello world]]');
    const events = await collect(query);

    expect(types(events)).toEqual([
      'message.queued',
      'turn.started',
      'message.delivered',
      'phase.changed',
      'block.started',
      'block.delta',
      'block.completed',
      'turn.completed',
    ]);
    const turnId = events.find(({ type }) => type === 'turn.started')?.turnId;
    expect(await query.result).toMatchObject({ outcome: 'completed', text: 'hello world', turnId, costUsd: 0 });
  });

  test('has a result although nobody reads its events', async () => {
    expect(await session.query('[[tokens 3000 0]]').result).toMatchObject({ outcome: 'completed' });
  });

  test('sees its own turn alone when another one runs before it', async () => {
    const first = session.query('[[tokens 20 10]] [[say first]]');
    const second = session.query('[[say second]]', { priority: 'later' });
    const events = await collect(second);

    const turnIds = new Set(events.flatMap(({ turnId }) => (turnId === undefined ? [] : [turnId])));
    expect([...turnIds]).toEqual([((await second.result) as { turnId: string }).turnId]);
    expect(await second.result).toMatchObject({ text: 'second' });
    expect(await first.result).toMatchObject({ outcome: 'completed' });
  });

  test('keeps the text that came when it was interrupted', async () => {
    const query = session.query('[[tokens 2000 5]]');
    await until(session, (event) => event.type === 'block.delta');
    expect(await session.isActive()).toBe(true);

    expect(await session.interrupt()).toMatchObject({ interrupted: true });

    const result = await query.result;
    expect(result).toMatchObject({ outcome: 'interrupted', by: 'user' });
    expect(result.text).toMatch(/^w0 /);
    expect(await session.query('[[say still here]]').result).toMatchObject({ text: 'still here' });
  });

  test('says why it failed', async () => {
    expect(await session.query('[[status 401]]').result).toMatchObject({
      outcome: 'failed',
      error: { code: 'agent_unauthorized', status: 401 },
    });
  });

  test('rejects a message that has no content, everywhere', async () => {
    const query = session.query('   ');
    const refused = { code: 'invalid_request', message: expect.stringContaining('blank') as unknown };
    await expect(query.message).rejects.toMatchObject(refused);
    await expect(query.result).rejects.toMatchObject(refused);
    await expect(collect(query)).rejects.toMatchObject(refused);
  });

  test('with a key that was used before gives the first one its events again and does nothing else', async () => {
    const first = session.query('[[say once]]', { clientMessageId: 'key' });
    await first.result;
    await session.query('[[say between]]').result;

    const again = session.query('[[say twice]]', { clientMessageId: 'key' });

    expect(await again.result).toEqual(await first.result);
    expect((await again.message).id).toBe((await first.message).id);
    expect(types(await collect(again))).toContain('turn.completed');
  });
});

describe('a message sent into an active session', () => {
  test('steers the running turn, and its receipt says so', async () => {
    const query = session.query('[[tool Bash {"command":"sleep 0.2"}]]');
    await until(session, (event) => event.type === 'tool.called');

    const receipt = await session.send('[[say steered]]', { priority: 'next' });

    expect(receipt.message).toMatchObject({ sessionId: session.id, priority: 'next' });
    expect(await receipt.delivered).toBe('steer');
    expect(await receipt.outcome).toEqual({ state: 'completed' });
    expect((await query.result).text).toContain('steered');
  });

  test('with `later` gets a turn of its own', async () => {
    const query = session.query('[[tokens 20 10]]');
    const receipt = await session.send('[[say later]]', { priority: 'later' });
    expect(await receipt.delivered).toBe('turn');
    expect(await receipt.outcome).toEqual({ state: 'completed' });
    expect(await query.result).toMatchObject({ outcome: 'completed' });
  });

  test('that is cancelled before its delivery is reported as cancelled', async () => {
    const query = session.query('[[tokens 2000 5]]');
    const receipt = await session.send('never', { priority: 'later' });

    await session.interrupt({ cancelQueued: true });

    expect(await receipt.delivered).toBe('never');
    expect(await receipt.outcome).toMatchObject({ state: 'cancelled' });
    expect(await query.result).toMatchObject({ outcome: 'interrupted' });
  });

  test('fails with its turn', async () => {
    const receipt = await session.send('[[status 400]]');
    expect(await receipt.outcome).toMatchObject({ state: 'failed', error: { code: 'invalid_request' } });
  });
});

describe('approvals', () => {
  const asking = '[[tool Write {"file_path":"a.txt","content":"x"}]]';

  test('are decided by the handler, each once', async () => {
    const asked: Approval[] = [];
    const stop = await session.onApproval((approval) => {
      asked.push(approval);
      return { decision: 'deny', message: 'not today' };
    });

    expect((await session.query(asking).result).text).toContain('not today');

    expect(asked).toMatchObject([{ kind: 'tool', toolName: 'Write' }]);
    stop();
  });

  test('that wait already are asked of a handler that comes later', async () => {
    const query = session.query(asking);
    await until(session, (event) => event.type === 'approval.requested');
    await session.onApproval(() => ({ decision: 'allow' }));
    expect(await query.result).toMatchObject({ outcome: 'completed' });
  });

  test('that were answered elsewhere abort the handler’s signal', async () => {
    const aborted = deferred<void>();
    await session.onApproval(
      (_, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted.resolve();
            resolve(undefined);
          });
        }),
    );
    const query = session.query(asking);
    const event = await until(session, ({ type }) => type === 'approval.requested');
    if (event.type !== 'approval.requested') throw new Error('unexpected');

    await session.answer(event.approvalId, { decision: 'allow' });

    await aborted.promise;
    expect(await query.result).toMatchObject({ outcome: 'completed' });
    await expect(session.answer(event.approvalId, { decision: 'deny' })).rejects.toMatchObject({
      code: 'approval_resolved',
    });
  });

  test('[APR6] are decided by no answer that does not fit, and wait on', async () => {
    const asked = deferred<string>();
    const stop = await session.onApproval(({ approvalId }) => {
      asked.resolve(approvalId);
      return { decision: 'maybe' } as unknown as ApprovalAnswer;
    });
    const query = session.query(asking);
    const approvalId = await asked.promise;
    const unfit = { decision: 'answer' } as ApprovalAnswer;
    await expect(session.answer(approvalId, unfit)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await session.get()).toMatchObject({ phase: 'awaiting_approval', approvals: [{ approvalId }] });
    stop();

    await session.answer(approvalId, { decision: 'deny', message: 'not today' });
    expect((await query.result).text).toContain('not today');
  });

  test('are decided by no handler of a handle that is closed', async () => {
    let asked = 0;
    const handler = (): ApprovalAnswer => {
      asked += 1;
      return { decision: 'allow' };
    };
    const underWay = session.onApproval(handler);
    await session.close();
    await expect(underWay).rejects.toMatchObject({ code: 'session_closed' });
    await expect(session.onApproval(handler)).rejects.toMatchObject({ code: 'session_closed' });

    const again = await hearth.open({ id: session.id });
    const query = again.query(asking);
    await until(again, (event) => event.type === 'approval.requested');
    await again.interrupt();
    expect(await query.result).toMatchObject({ outcome: 'interrupted' });
    expect(asked).toBe(0);
  });
});

describe('the events of a session', () => {
  test('begin after the cursor, are in order, and each comes once', async () => {
    await session.query('[[tokens 200 0]]').result;
    const whole = await readAll(0);
    const half = whole[Math.floor(whole.length / 2)]!.seq;
    const rest = await readAll(half);
    expect(rest.map(({ seq }) => seq)).toEqual(whole.map(({ seq }) => seq).filter((seq) => seq > half));
    expect(whole.map(({ seq }) => seq)).toEqual([...new Set(whole.map(({ seq }) => seq))].sort((a, b) => a - b));
  });

  test('wait for a slow reader within their bound, and none is lost', async () => {
    const stream = session.events({ after: 0, maxWaiting: 2 });
    const query = session.query('[[tokens 500 0]]');
    await query.result;
    let text = '';
    for await (const event of stream) {
      if (event.type === 'block.delta') text = text.slice(0, event.offset) + event.text;
      if (event.type === 'block.completed') {
        text = event.text;
        break;
      }
    }
    expect(text).toBe((await query.result).text);
  });

  test('end by their signal, and by the end of the session', async () => {
    const controller = new AbortController();
    const bySignal = collect(session.events({ after: -1, signal: controller.signal }));
    const byDeletion = collect(session.events({ after: -1 }));
    controller.abort();
    expect(await bySignal).toEqual([]);
    await session.delete();
    expect(types(await byDeletion)).toContain('session.closed');
    await expect(hearth.open({ id: session.id })).rejects.toMatchObject({ code: 'not_found' });
  });

  test('end when the server stops, after what came until then', async () => {
    const stream = collect(session.events({ after: 0 }));
    const query = session.query('[[tokens 2000 5]]');
    await until(session, (event) => event.type === 'block.delta');

    await hearth.close(0);

    expect(types(await stream)).toContain('turn.interrupted');
    expect(await query.result).toMatchObject({ outcome: 'interrupted', by: 'shutdown' });
    await expect(session.send('more')).rejects.toMatchObject({ code: 'session_closed' });
    hearth = await start();
  });

  test('after what is no number are refused', () => {
    for (const after of [Number.NaN, 0.5]) {
      expect(() => session.events({ after })).toThrow(expect.objectContaining({ code: 'invalid_request' }) as Error);
    }
  });

  test('of a session that is not there are refused to the reader', async () => {
    await session.delete();
    await expect(collect(session.events())).rejects.toMatchObject({ code: 'not_found' });
  });

  async function readAll(after: number): Promise<Event[]> {
    const { lastSeq } = await session.get();
    const events: Event[] = [];
    for await (const event of session.events({ after })) {
      events.push(event);
      if (event.seq >= lastSeq) break;
    }
    return events;
  }
});

describe('a handle', () => {
  test('that is closed lets go of the conversation without losing it', async () => {
    await session.query('[[say one]]').result;
    await session.close();
    await expect(session.send('more')).rejects.toMatchObject({ code: 'session_closed' });

    const again = await hearth.open({ id: session.id });
    expect(await again.query('[[say two]]').result).toMatchObject({ text: 'two' });
    const texts = (await hearth.sessions.transcript(session.id)).items.flatMap((event) =>
      event.type === 'block.completed' ? [event.text] : [],
    );
    expect(texts).toEqual(['one', 'two']);
  });

  test('that is closed in mid-turn lets the turn end and tells who waited', async () => {
    const query = session.query('[[tokens 30 10]]');
    const { id } = await query.message;
    await session.close();
    await expect(query.result).rejects.toMatchObject({ code: 'session_closed' });
    const again = await hearth.open({ id: session.id });
    await until(again, (event) => event.type === 'message.completed' && event.messageId === id);
  });

  test('goes on in the next process', async () => {
    await session.query('[[say before]]').result;
    await hearth.close(0);
    hearth = await start();
    const again = await hearth.open({ id: session.id });
    expect(await again.isActive()).toBe(false);
    expect(await again.query('[[say after]]').result).toMatchObject({ text: 'after' });
  });

  test('is one of many, of which the server knows as long as they follow something', async () => {
    const warned: string[] = [];
    const onWarning = ({ name }: Error): void => void warned.push(name);
    process.on('warning', onWarning);
    const handles = await Promise.all(Array.from({ length: 20 }, () => hearth.open({ id: session.id })));
    const feeds = handles.map((handle) => collect(handle.events({ after: -1 })));
    await session.query('[[say heard]]').result;
    await hearth.close(0);
    for (const feed of feeds) expect(types(await feed)).toContain('turn.completed');
    process.off('warning', onWarning);
    expect(warned).toEqual([]);
    await expect(handles[0]?.send('more')).rejects.toMatchObject({ code: 'session_closed' });
    hearth = await start();
  });

  test('is refused for wrong options, with the place that is wrong', async () => {
    await expect(hearth.open({ cwd: '/' })).rejects.toMatchObject({ code: 'forbidden' });
    const wrong = { agent: 'scripted', maxTurns: 0 };
    await expect(hearth.open(wrong)).rejects.toMatchObject({ code: 'invalid_request', issues: [{ path: 'maxTurns' }] });
  });
});

describe('who watches the list of sessions', () => {
  test('[LIST1] and throws keeps no session from its work, nor others from being told', async () => {
    const told: string[] = [];
    hearth.sessions.watch(() => {
      throw new Error('a watcher’s own fault');
    });
    hearth.sessions.watch((id) => told.push(id));
    const made = await hearth.open({ cwd: folder, agent: 'scripted' });
    expect(await made.query('[[say hello]]').result).toMatchObject({ outcome: 'completed' });
    await made.delete();
    expect(new Set(told)).toEqual(new Set([made.id]));
  });
});

describe('a network', () => {
  test('is opened once, and is closed with its server', async () => {
    const [first, second] = await Promise.all([hearth.listen(), hearth.listen()]);
    expect(second.url).toBe(first.url);
    expect(second.loginUrl).not.toBe(first.loginUrl);
    expect((await fetch(new URL('/healthz', first.url))).status).toBe(200);

    await hearth.close(0);
    await expect(fetch(new URL('/healthz', first.url))).rejects.toThrow();
    await expect(hearth.listen()).rejects.toMatchObject({ code: 'agent_unavailable' });
    hearth = await start();
  });

  test('that could not be opened is opened when it can be', async () => {
    const { url } = await hearth.listen();
    const port = Number(new URL(url).port);
    const other = await createHearth({ dataDir: join(folder, 'other'), workspace: [folder], agent: 'scripted', port });
    await expect(other.listen()).rejects.toMatchObject({ code: 'invalid_request' });
    await hearth.close(0);
    expect((await other.listen()).url).toBe(url);
    await other.close(0);
    hearth = await start();
  });
});
