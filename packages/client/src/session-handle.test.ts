import type { Approval, ApprovalAnswer, Event, EventBody } from '@hearth/protocol';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { FakeServer, Refusal, SILENCE } from '../test/fake-server.ts';
import { openClient } from '../test/open-client.ts';
import type { ApprovalHandler, ConnectOptions, Hearth, SessionHandle, Turn } from './index.ts';

const clients: Hearth[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function openSession(server: FakeServer, options?: ConnectOptions): SessionHandle {
  const client = openClient(server, options);
  clients.push(client);
  return client.session('s1');
}

function serverWithSession(): FakeServer {
  const server = new FakeServer();
  server.addSession();
  return server;
}

function request(server: FakeServer, approvalId: string): void {
  server.emit({ type: 'approval.requested', approvalId, kind: 'tool', toolName: 'Bash', input: {}, suggestions: [] });
}

describe('approvals', () => {
  test('are asked once each, the pending ones first, and the answers are sent', async () => {
    const server = serverWithSession();
    request(server, 'a1');
    const asked: Approval[] = [];
    openSession(server).onApproval((approval) => {
      asked.push(approval);
      return { decision: 'allow', scope: 'session' };
    });
    await vi.waitFor(() => expect(server.called('approval.answer')).toHaveLength(1));
    request(server, 'a2');
    await vi.waitFor(() => expect(server.called('approval.answer')).toHaveLength(2));
    expect(asked.map(({ approvalId }) => approvalId)).toEqual(['a1', 'a2']);
    expect(asked[1]).toEqual({ approvalId: 'a2', kind: 'tool', toolName: 'Bash', input: {}, suggestions: [] });
    expect(server.called('approval.answer')[0]?.params).toEqual({
      sessionId: 's1',
      approvalId: 'a1',
      decision: 'allow',
      scope: 'session',
    });
  });

  test('that are answered elsewhere abort the signal; a late answer is not sent and no error', async () => {
    const server = serverWithSession();
    const errors: unknown[] = [];
    const session = openSession(server, { onError: (error) => errors.push(error) });
    const asked = vi.fn<() => void>();
    const aborted = new Promise<void>((resolve) => {
      session.onApproval(async (_approval, { signal }) => {
        asked();
        await new Promise<void>((stop) => {
          signal.addEventListener('abort', () => stop());
        });
        resolve();
        return { decision: 'deny' };
      });
    });
    request(server, 'a1');
    await vi.waitFor(() => expect(asked).toHaveBeenCalledOnce());
    server.emit({ type: 'approval.resolved', approvalId: 'a1', decision: 'allow' });
    await aborted;
    await session.get();
    expect(server.called('approval.answer')).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('the answer that loses the race is not an error', async () => {
    const server = serverWithSession();
    const errors: unknown[] = [];
    server.on('approval.answer', () => {
      throw new Refusal('approval_resolved');
    });
    const session = openSession(server, { onError: (error) => errors.push(error) });
    session.onApproval(() => ({ decision: 'allow' }));
    request(server, 'a1');
    await vi.waitFor(() => expect(server.called('approval.answer')).toHaveLength(1));
    await session.get();
    expect(errors).toEqual([]);
    await expect(session.answer('a1', { decision: 'allow' })).rejects.toMatchObject({ code: 'approval_resolved' });
  });

  test('what happened while the connection was lost is told: resolved aborts, new ones are asked', async () => {
    const server = serverWithSession();
    request(server, 'a1');
    const log: string[] = [];
    openSession(server).onApproval((approval, { signal }) => {
      log.push(`asked ${approval.approvalId}`);
      signal.addEventListener('abort', () => log.push(`aborted ${approval.approvalId}`));
      return new Promise<ApprovalAnswer | undefined>(() => undefined);
    });
    await vi.waitFor(() => expect(log).toEqual(['asked a1']));
    server.cut();
    request(server, 'a2');
    server.emit({ type: 'approval.resolved', approvalId: 'a2', decision: 'allow' });
    server.emit({ type: 'approval.resolved', approvalId: 'a1', decision: 'allow' });
    request(server, 'a3');
    await vi.waitFor(() => expect(log).toEqual(['asked a1', 'aborted a1', 'asked a3']));
  });

  test('an answer in flight when the connection breaks is sent again', async () => {
    const server = serverWithSession();
    request(server, 'a1');
    server.on('approval.answer', () => {
      server.off('approval.answer');
      server.cut();
      return SILENCE;
    });
    openSession(server).onApproval(() => ({ decision: 'allow' }));
    await vi.waitFor(() => expect(server.events().at(-1)?.type).toBe('approval.resolved'));
  });

  test('a handler that throws is heard of; one that gives nothing leaves it to others', async () => {
    const server = serverWithSession();
    const errors: unknown[] = [];
    const session = openSession(server, { onError: (error) => errors.push(error) });
    session.onApproval(() => undefined);
    session.onApproval(() => {
      throw new Error('handler');
    });
    request(server, 'a1');
    await vi.waitFor(() => expect(errors).toEqual([new Error('handler')]));
    expect(server.called('approval.answer')).toEqual([]);
  });

  test('stopping aborts what is asked and asks no more', async () => {
    const server = serverWithSession();
    const signals: AbortSignal[] = [];
    const session = openSession(server);
    const stop = session.onApproval((_approval, { signal }) => {
      signals.push(signal);
      return undefined;
    });
    request(server, 'a1');
    await vi.waitFor(() => expect(signals).toHaveLength(1));
    stop();
    expect(signals[0]?.aborted).toBe(true);
    request(server, 'a2');
    await session.get();
    expect(signals).toHaveLength(1);
  });
});

const COMPLETED: EventBody = {
  type: 'turn.completed',
  stopReason: 'end_turn',
  usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 },
  costUsd: 0.1,
  durationMs: 1,
  context: { usedTokens: 1, maxTokens: 2 },
};

/** Waits for the nth message and gives its id. */
async function sent(server: FakeServer, count = 1): Promise<string> {
  await vi.waitFor(() => expect(server.called('message.send').length).toBeGreaterThanOrEqual(count));
  return `m${count}`;
}

function say(server: FakeServer, turnId: string, blockId: string, text: string): void {
  server.emit({ type: 'block.started', turnId, blockId, kind: 'text' });
  server.emit({ type: 'block.delta', turnId, blockId, offset: 0, text });
  server.emit({ type: 'block.completed', turnId, blockId, kind: 'text', text });
}

async function typesOf(turn: Turn): Promise<Event['type'][]> {
  const types: Event['type'][] = [];
  for await (const { type } of turn) types.push(type);
  return types;
}

describe('a prompt', () => {
  test('gives the events of its own turn and the final text', async () => {
    const server = serverWithSession();
    server.emit({ type: 'turn.started', turnId: 't0', messageIds: [] });
    const turn = openSession(server).prompt('hello');
    const types = typesOf(turn);
    const messageId = await sent(server);
    say(server, 't0', 'b0', 'of another turn');
    server.emit({ ...COMPLETED, turnId: 't0' });
    server.emit({ type: 'turn.started', turnId: 't1', messageIds: [messageId] });
    server.emit({ type: 'message.delivered', turnId: 't1', messageId, as: 'turn' });
    say(server, 't1', 'b1', 'let me look');
    server.emit({ type: 'tool.called', turnId: 't1', toolCallId: 'c1', name: 'Bash', input: {} });
    server.emit({ type: 'tool.completed', turnId: 't1', toolCallId: 'c1', output: '', isError: false });
    say(server, 't1', 'b2', 'it is 42');
    server.emit({ ...COMPLETED, turnId: 't1' });
    server.emit({ type: 'message.completed', messageId });

    expect(await types).toEqual([
      'message.queued',
      'turn.started',
      'message.delivered',
      'block.started',
      'block.delta',
      'block.completed',
      'tool.called',
      'tool.completed',
      'block.started',
      'block.delta',
      'block.completed',
      'turn.completed',
    ]);
    expect(await turn.text).toBe('it is 42');
    expect(await turn.result).toMatchObject({ outcome: 'completed', event: { costUsd: 0.1 } });
    expect(await turn.message).toMatchObject({ id: messageId, content: 'hello' });
  });

  test('has its result without anybody reading the events, and they can be read later', async () => {
    const server = serverWithSession();
    const turn = openSession(server).prompt('hello');
    const messageId = await sent(server);
    server.emit({ type: 'turn.started', turnId: 't1', messageIds: [messageId] });
    say(server, 't1', 'b1', 'hi');
    server.emit({ ...COMPLETED, turnId: 't1' });
    expect(await turn.text).toBe('hi');
    expect(await typesOf(turn)).toEqual([
      'message.queued',
      'turn.started',
      'block.started',
      'block.completed',
      'turn.completed',
    ]);
  });

  test('that steers has the rest of the running turn', async () => {
    const server = serverWithSession();
    server.emit({ type: 'turn.started', turnId: 't1', messageIds: [] });
    const turn = openSession(server).prompt('also this');
    const types = typesOf(turn);
    const messageId = await sent(server);
    server.emit({ type: 'message.delivered', turnId: 't1', messageId, as: 'steer' });
    say(server, 't1', 'b1', 'done');
    server.emit({ ...COMPLETED, turnId: 't1' });
    expect(await types).toEqual([
      'message.queued',
      'message.delivered',
      'block.started',
      'block.delta',
      'block.completed',
      'turn.completed',
    ]);
  });

  test('goes through lost connections without a character less', async () => {
    const server = serverWithSession();
    const turn = openSession(server).prompt('hello');
    const messageId = await sent(server);
    server.emit({ type: 'turn.started', turnId: 't1', messageIds: [messageId] });
    server.emit({ type: 'block.started', turnId: 't1', blockId: 'b1', kind: 'text' });
    server.emit({ type: 'block.delta', turnId: 't1', blockId: 'b1', offset: 0, text: 'one ' });
    server.cut();
    server.emit({ type: 'block.delta', turnId: 't1', blockId: 'b1', offset: 4, text: 'two ' });
    await vi.waitFor(() => expect(server.called('session.subscribe')).toHaveLength(2));
    server.emit({ type: 'block.delta', turnId: 't1', blockId: 'b1', offset: 8, text: 'three' });
    server.emit({ type: 'turn.interrupted', turnId: 't1', by: 'user' });
    expect(await turn.text).toBe('one two three');
    expect(await turn.result).toMatchObject({ outcome: 'interrupted' });
  });

  test('whose turn fails says why', async () => {
    const server = serverWithSession();
    const turn = openSession(server).prompt('hello');
    const messageId = await sent(server);
    const error = { code: 'rate_limited' as const, message: 'Slow down.', hint: 'Wait.', retryable: true };
    server.emit({ type: 'turn.started', turnId: 't1', messageIds: [messageId] });
    server.emit({ type: 'turn.failed', turnId: 't1', error });
    await expect(turn.text).rejects.toMatchObject({ code: 'rate_limited', message: 'Slow down.', hint: 'Wait.' });
    expect(await turn.result).toMatchObject({ outcome: 'failed', error });
  });

  test('whose message is cancelled before its delivery ends', async () => {
    const server = serverWithSession();
    const turn = openSession(server).prompt('hello', { priority: 'later' });
    const types = typesOf(turn);
    const messageId = await sent(server);
    server.emit({ type: 'message.cancelled', messageId, reason: 'changed my mind' });
    expect(await types).toEqual(['message.queued', 'message.cancelled']);
    expect(await turn.result).toMatchObject({ outcome: 'undelivered' });
    await expect(turn.text).rejects.toMatchObject({ code: 'message_cancelled' });
  });

  test('that the server refuses rejects everywhere', async () => {
    const server = serverWithSession();
    server.on('message.send', () => {
      throw new Refusal('invalid_request', 'content must not be blank');
    });
    const turn = openSession(server).prompt(' ');
    await expect(typesOf(turn)).rejects.toMatchObject({ code: 'invalid_request' });
    for (const promise of [turn.text, turn.result, turn.message]) {
      await expect(promise).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });

  test('in a session that is not there, or is deleted meanwhile, rejects', async () => {
    const server = new FakeServer();
    await expect(openSession(server).prompt('hello').text).rejects.toMatchObject({ code: 'not_found' });
    server.addSession();
    const turn = openSession(server).prompt('hello');
    await sent(server);
    server.deleteSession();
    await expect(turn.text).rejects.toMatchObject({ code: 'session_closed' });
  });

  test('with a key that was used before finds the turn of then', async () => {
    const server = serverWithSession();
    const session = openSession(server);
    const { id } = await session.send('hello', { clientMessageId: 'key' });
    server.emit({ type: 'turn.started', turnId: 't1', messageIds: [id] });
    say(server, 't1', 'b1', 'hi');
    server.emit({ ...COMPLETED, turnId: 't1' });
    expect(await session.prompt('hello', { clientMessageId: 'key' }).text).toBe('hi');
    expect(server.events().filter(({ type }) => type === 'message.queued')).toHaveLength(1);
  });

  test('answers approvals for as long as it lasts', async () => {
    const server = serverWithSession();
    const onApproval = vi.fn<ApprovalHandler>(() => ({ decision: 'allow' }));
    const session = openSession(server);
    const turn = session.prompt('hello', { onApproval });
    const messageId = await sent(server);
    server.emit({ type: 'turn.started', turnId: 't1', messageIds: [messageId] });
    request(server, 'a1');
    await vi.waitFor(() => expect(server.called('approval.answer')).toHaveLength(1));
    server.emit({ ...COMPLETED, turnId: 't1' });
    await turn.result;
    request(server, 'a2');
    await session.get();
    expect(onApproval).toHaveBeenCalledTimes(1);
  });
});

describe('lists', () => {
  test('are read page by page', async () => {
    const server = serverWithSession();
    server.on('session.list', ({ params }) =>
      params['cursor'] === undefined
        ? { items: [{ id: 'a' }, { id: 'b' }], nextCursor: 'x' }
        : { items: [{ id: 'c' }] },
    );
    const client = openClient(server);
    clients.push(client);
    const ids: string[] = [];
    for await (const { id } of client.sessions.all({ status: 'all' })) ids.push(id);
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(server.called('session.list')[1]?.params).toEqual({ status: 'all', cursor: 'x' });
  });
});
