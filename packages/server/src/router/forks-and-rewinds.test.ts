import { randomUUID } from 'node:crypto';
import type { Event, Message, Session } from '@hearth/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AgentSpec, Backend, FileRewind, ForkSource } from '../backend/backend.ts';
import { houses, OWNER, until } from '../actor/testing/session-house.ts';
import { createScriptedBackend } from '../backend/scripted/scripted-backend.ts';
import { systemClock } from '../concurrency/clock.ts';
import { transcriptMarkdown } from '../gateway/transcript.ts';
import type { LocalSessions } from './local-sessions.ts';

const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Sessions over a real store, with an agent that costs something, and that is asked to fork and to put back files. */
interface House {
  sessions: LocalSessions;
  forks: ForkSource[];
  rewinds: FileRewind[];
  /** What agents were opened with. */
  specs: AgentSpec[];
  /** Agent session ids of conversations that the agent was to forget. */
  forgotten: (string | undefined)[];
  /** What happens while the agent copies a conversation. */
  whileCopying: () => Promise<void>;
  /** What the agent answers to a rewind of files. */
  putBack: (source: FileRewind) => Promise<string[]>;
  close(): Promise<void>;
}

const { open: openHouse } = houses();
let house: House;

beforeEach(async () => {
  house = await open();
});

async function open(): Promise<House> {
  const scripted = createScriptedBackend({ clock: systemClock, newId: randomUUID, maxRetries: 1 });
  const notes = {
    forks: [] as ForkSource[],
    rewinds: [] as FileRewind[],
    specs: [] as AgentSpec[],
    forgotten: [] as (string | undefined)[],
    whileCopying: () => Promise.resolve(),
    putBack: (_source: FileRewind) => Promise.resolve(['/srv/a.txt']),
  };
  const { forks } = notes;
  const paid: Backend = {
    ...scripted,
    name: 'paid',
    capabilities: { ...scripted.capabilities, fileCheckpoints: true },
    open: (spec, emit) => {
      notes.specs.push(spec);
      return scripted.open(spec, (event) =>
        emit(event.type === 'turn.ended' && event.outcome === 'completed' ? { ...event, costUsd: 0.5 } : event),
      );
    },
    fork: async (source) => {
      forks.push(source);
      await notes.whileCopying();
      return forks.length === 1 ? `copy-${source.newSessionId}` : `copy-${source.newSessionId}-${forks.length}`;
    },
    forget: (conversation) => {
      notes.forgotten.push(conversation.agentSessionId);
      return Promise.resolve();
    },
    rewindFiles: (source) => {
      notes.rewinds.push(source);
      return notes.putBack(source);
    },
  };
  const opened = await openHouse({ other: paid });
  return Object.assign(notes, { sessions: opened.sessions, close: () => opened.close() });
}

const logOf = async (id: string): Promise<Event[]> => (await house.sessions.events(id, 0, 10_000)).items;

async function idle(id: string): Promise<void> {
  await until('the session to be idle', async () => {
    const { phase, queue } = await house.sessions.get(id);
    return phase === 'idle' && queue.length === 0;
  });
}

async function turn(id: string, content: string | Message['content']): Promise<Message> {
  const message = await house.sessions.send(OWNER, id, { content });
  await idle(id);
  return message;
}

async function streaming(id: string): Promise<void> {
  await until('text to stream', async () => (await house.sessions.get(id)).phase === 'streaming');
}

/** A session with a turn for each content. */
async function told(...contents: string[]): Promise<{ id: string; messages: Message[]; ends: number[] }> {
  const { id } = await house.sessions.create(OWNER, {});
  const messages: Message[] = [];
  const ends: number[] = [];
  for (const content of contents) {
    messages.push(await turn(id, content));
    const end = (await logOf(id)).findLast((event) => event.type === 'message.completed');
    ends.push(end?.seq ?? 0);
  }
  return { id, messages, ends };
}

/** What was said by whom, as the transcript has it. */
async function said(id: string): Promise<string> {
  const text = transcriptMarkdown(await house.sessions.transcript(id));
  const lines = text.slice(text.indexOf('## ')).split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('## ')).join(' | ');
}

describe('a fork', () => {
  test('[FORK1] in the middle of a turn has the turns that were over there, and reads like a session of its own', async () => {
    const { id, messages, ends } = await told('one', 'two', 'three');
    const fork = await house.sessions.fork(OWNER, id, { atSeq: (ends[1] ?? 0) + 3 });
    expect(fork).toMatchObject({ forkedFrom: { sessionId: id, seq: ends[1] }, phase: 'idle', queue: [] });
    expect(house.forks).toMatchObject([
      { sessionId: id, cut: { lastMessageId: messages[1]?.id, nextMessageIds: [messages[2]?.id] } },
    ]);
    expect(await said(fork.id)).toBe('one | echo: one | two | echo: two');
    const log = await logOf(fork.id);
    expect(log.map((event) => event.seq)).toEqual(log.map((_, index) => index + 1));
    expect(log[0]).toMatchObject({ type: 'session.created', session: { id: fork.id } });
    const turns = log.flatMap((event) => (event.type === 'turn.started' ? [event.turnId] : []));
    const before = (await logOf(id)).flatMap((event) => (event.type === 'turn.started' ? [event.turnId] : []));
    expect(new Set([...turns, ...before]).size).toBe(5);
    expect((await house.sessions.messages(fork.id, {})).items.map(({ state }) => state)).toEqual(
      Array(2).fill('completed'),
    );
  });

  test('[FORK1] before the first turn is an empty conversation, of which the agent knows nothing', async () => {
    const { id } = await told('one');
    const fork = await house.sessions.fork(OWNER, id, { atSeq: 2 });
    expect(fork).toMatchObject({ forkedFrom: { sessionId: id, seq: 0 } });
    expect(fork.agentSessionId).toBeUndefined();
    expect(house.forks).toEqual([]);
    expect(await logOf(fork.id)).toHaveLength(1);
  });

  test('[FORK2] while its source streams has what was over, and the source streams on', async () => {
    const { id, messages } = await told('one');
    const running = await house.sessions.send(OWNER, id, { content: '[[tokens 40 10]]' });
    const waiting = await house.sessions.send(OWNER, id, { content: 'later', priority: 'later' });
    await streaming(id);
    const before = (await logOf(id)).length;
    const fork = await house.sessions.fork(OWNER, id, {});
    expect(house.forks[0]?.cut).toEqual({
      lastMessageId: messages[0]?.id,
      nextMessageIds: [running.id, waiting.id],
    });
    expect(await said(fork.id)).toBe('one | echo: one');
    expect(fork.queue).toEqual([]);
    await idle(id);
    const log = await logOf(id);
    expect(log.length).toBeGreaterThan(before);
    expect(log.filter((event) => event.type === 'turn.completed')).toHaveLength(3);
  });

  test('[FORK1][FORK2] has nothing of a message that its source’s agent was given while it was made', async () => {
    const { id, messages } = await told('one');
    let meanwhile: Message | null = null;
    house.whileCopying = async () => {
      meanwhile ??= await turn(id, 'meanwhile');
    };
    const fork = await house.sessions.fork(OWNER, id, {});
    expect(house.forks.map(({ cut }) => cut)).toEqual([
      { lastMessageId: messages[0]?.id, nextMessageIds: [] },
      { lastMessageId: messages[0]?.id, nextMessageIds: [(meanwhile as Message | null)?.id] },
    ]);
    expect(fork.agentSessionId).toBe(`copy-${fork.id}-2`);
    expect(house.forgotten).toEqual([`copy-${fork.id}`]);
    expect(await said(fork.id)).toBe('one | echo: one');
  });

  test('[FORK1][SES6] is refused when its source is deleted while it is made, and leaves no copy', async () => {
    const { id } = await told('one');
    house.whileCopying = () => house.sessions.delete(id);
    await expect(house.sessions.fork(OWNER, id, {})).rejects.toMatchObject({ code: 'not_found' });
    expect(house.forgotten).toEqual([expect.any(String), `copy-${house.forks[0]?.newSessionId}`]);
    expect((await house.sessions.list({})).items).toEqual([]);
  });

  test('[FORK2][FORK3] of a fork goes on from it; what was copied costs nothing there', async () => {
    const { id } = await told('one', 'two');
    const child = await house.sessions.fork(OWNER, id, {});
    expect(child.usage.costUsd).toBe(0);
    await turn(child.id, 'three');
    const grandchild = await house.sessions.fork(OWNER, child.id, {});
    await turn(grandchild.id, 'four');
    expect(await said(grandchild.id)).toBe(
      'one | echo: one | two | echo: two | three | echo: three | four | echo: four',
    );
    const costs = await Promise.all([id, child.id, grandchild.id].map((one) => house.sessions.get(one)));
    expect(costs.map((session) => session.usage.costUsd)).toEqual([1, 0.5, 0.5]);
    expect((await house.sessions.usage({})).total).toMatchObject({ costUsd: 2, turns: 4 });
    expect(grandchild.forkedFrom).toEqual({ sessionId: child.id, seq: expect.any(Number) as number });
    expect(house.forks[1]?.agentSessionId).toBe(`copy-${child.id}`);
  });

  test('[FORK1][INT8] gives its agent what the source’s agent may not have stored: the last turns that were cut', async () => {
    const { id } = await house.sessions.create(OWNER, {});
    await turn(id, '[[say whole]]');
    const cut = await house.sessions.send(OWNER, id, { content: 'before the cut [[hang 60000]]' });
    await house.sessions.interrupt(id, false);
    await idle(id);
    const refused = await turn(id, 'refused [[status 400 1]]');

    const fork = await house.sessions.fork(OWNER, id, {});
    await house.close();
    house = await open();
    await turn(fork.id, '[[say on]]');

    const [spec] = house.specs;
    expect(spec?.sessionId).toBe(fork.id);
    expect(spec?.carried).toEqual([{ messageId: cut.id, content: cut.content }]);
    expect(spec?.carried).not.toContainEqual(expect.objectContaining({ messageId: refused.id }));
    await turn(fork.id, '[[say further]]');
    expect(house.specs).toHaveLength(1);
  });

  test('[FORK1] takes images along', async () => {
    const { id } = await house.sessions.create(OWNER, {});
    const content: Message['content'] = [
      { type: 'text', text: 'look' },
      { type: 'image', mediaType: 'image/png', data: PICTURE },
    ];
    await turn(id, content);
    const fork = await house.sessions.fork(OWNER, id, {});
    expect((await house.sessions.messages(fork.id, {})).items).toMatchObject([{ content }]);
  });

  test('[FORK5] has nothing of what was rewound, wherever it is made', async () => {
    const { id, ends, messages } = await told('one', 'two', 'three');
    await house.sessions.rewind(id, { toSeq: ends[0] ?? 0 });
    const pending = await house.sessions.fork(OWNER, id, {});
    expect(house.forks.at(-1)?.cut).toEqual({
      lastMessageId: messages[0]?.id,
      nextMessageIds: [messages[1]?.id, messages[2]?.id],
    });
    expect(await said(pending.id)).toBe('one | echo: one');
    await turn(id, 'four');
    const within = await house.sessions.fork(OWNER, id, { atSeq: ends[1] ?? 0 });
    expect(await said(within.id)).toBe('one | echo: one');
    const whole = await house.sessions.fork(OWNER, id, {});
    expect(await said(whole.id)).toBe('one | echo: one | four | echo: four');
  });
});

describe('an edited message', () => {
  test('[FORK4] begins a fork with what was before its turn, which says where it came from', async () => {
    const { id, messages, ends } = await told('one', 'two', 'three');
    const messageId = messages[1]?.id ?? '';
    const fork = await house.sessions.fork(OWNER, id, { editMessage: { messageId, content: 'deux' } });
    expect(fork.forkedFrom).toEqual({ sessionId: id, seq: ends[0], messageId });
    await idle(fork.id);
    expect(await said(fork.id)).toBe('one | echo: one | deux | echo: deux');
    expect(await said(id)).toBe('one | echo: one | two | echo: two | three | echo: three');
  });

  test('[FORK4] the first one leaves an empty conversation before it', async () => {
    const { id, messages } = await told('one');
    const edit = { messageId: messages[0]?.id ?? '', content: 'uno' };
    const fork = await house.sessions.fork(OWNER, id, { editMessage: edit });
    await idle(fork.id);
    expect(fork.forkedFrom).toEqual({ sessionId: id, seq: 0, messageId: edit.messageId });
    expect(await said(fork.id)).toBe('uno | echo: uno');
  });

  test('[FORK4] of the running turn can be edited while it runs', async () => {
    const { id } = await told('one');
    const { id: messageId } = await house.sessions.send(OWNER, id, { content: '[[tokens 40 10]]' });
    await streaming(id);
    const fork = await house.sessions.fork(OWNER, id, { editMessage: { messageId, content: 'instead' } });
    await idle(fork.id);
    expect(await said(fork.id)).toBe('one | echo: one | instead | echo: instead');
    await idle(id);
  });

  test('[FORK4] repeated with its key is the same fork with one message, also at once and after a restart', async () => {
    const { id, messages } = await told('one');
    const editMessage = { messageId: messages[0]?.id ?? '', content: 'uno', clientMessageId: 'k' };
    const [first, second] = await Promise.all([
      house.sessions.fork(OWNER, id, { editMessage }),
      house.sessions.fork(OWNER, id, { editMessage }),
    ]);
    expect(second.id).toBe(first.id);
    await idle(first.id);
    await house.close();
    house = await open();
    const third = await house.sessions.fork(OWNER, id, { editMessage });
    expect(third.id).toBe(first.id);
    expect((await house.sessions.messages(first.id, {})).items).toMatchObject([
      { clientMessageId: 'k', content: 'uno' },
    ]);
    const other = await house.sessions.fork(OWNER, id, { editMessage: { ...editMessage, clientMessageId: 'l' } });
    expect(other.id).not.toBe(first.id);
    await idle(other.id);
  });

  test('[FORK4] must have begun a turn that is part of the conversation', async () => {
    const { id, messages } = await told('one');
    const running = await house.sessions.send(OWNER, id, { content: '[[tokens 40 10]]' });
    await streaming(id);
    const queued = await house.sessions.send(OWNER, id, { content: 'later', priority: 'later' });
    const refused = async (messageId: string): Promise<unknown> =>
      house.sessions
        .fork(OWNER, id, { editMessage: { messageId, content: 'x' } })
        .catch((error: unknown) => (error as { code: string }).code);
    expect(await refused(queued.id)).toBe('invalid_request');
    expect(await refused('nobody')).toBe('not_found');
    await idle(id);
    await house.sessions.rewind(id, { toMessageId: running.id });
    expect(await refused(running.id)).toBe('invalid_request');
    const both = { atSeq: 1, editMessage: { messageId: messages[0]?.id ?? '', content: 'x' } };
    await expect(house.sessions.fork(OWNER, id, both)).rejects.toMatchObject({ code: 'invalid_request' });
    expect((await house.sessions.list({})).items).toHaveLength(1);
  });
});

describe('a rewind', () => {
  const last = async (id: string, type: string): Promise<Event | undefined> =>
    (await logOf(id)).findLast((event) => event.type === type);

  test('[REW2][REW7] is told in the log, which keeps everything; the transcript is without it; it stays paid', async () => {
    const { id, ends } = await told('one', 'two', 'three');
    const before = await logOf(id);
    const result = await house.sessions.rewind(id, { toSeq: (ends[0] ?? 0) + 2 });
    expect(result).toEqual({ toSeq: ends[0], turns: 2, conversation: true, dryRun: false });
    const log = await logOf(id);
    expect(log.slice(0, before.length)).toEqual(before);
    expect(log.slice(before.length)).toMatchObject([{ type: 'session.rewound', toSeq: ends[0], turns: 2 }]);
    expect(await said(id)).toBe('one | echo: one');
    expect((await house.sessions.transcript(id)).items.at(-1)?.type).toBe('session.rewound');
    await turn(id, 'four');
    expect(await said(id)).toBe('one | echo: one | four | echo: four');
    expect((await house.sessions.get(id)).usage.costUsd).toBe(2);
    expect((await house.sessions.usage({})).total.turns).toBe(4);
  });

  test('[REW2] to a message is to before its turn, and can be done again after a restart', async () => {
    const { id, messages } = await told('one', 'two', 'three');
    await house.sessions.rewind(id, { toMessageId: messages[2]?.id ?? '' });
    await house.close();
    house = await open();
    expect(await said(id)).toBe('one | echo: one | two | echo: two');
    expect(await house.sessions.rewind(id, { toMessageId: messages[0]?.id ?? '' })).toMatchObject({
      toSeq: 0,
      turns: 2,
    });
    await turn(id, 'four');
    expect(await said(id)).toBe('four | echo: four');
  });

  test('[REW3] is refused while a turn runs, with nothing to take back, and without one place', async () => {
    const { id, ends, messages } = await told('one');
    const nothing = { code: 'invalid_request' };
    const place = { toSeq: ends[0] ?? 0 };
    await expect(house.sessions.rewind(id, place)).rejects.toMatchObject(nothing);
    await expect(house.sessions.rewind(id, {})).rejects.toMatchObject(nothing);
    const both = { toSeq: 0, toMessageId: messages[0]?.id ?? '' };
    await expect(house.sessions.rewind(id, both)).rejects.toMatchObject(nothing);
    await expect(house.sessions.rewind(id, { toSeq: 0, conversation: false })).rejects.toMatchObject(nothing);
    await expect(house.sessions.rewind('nobody', { toSeq: 0 })).rejects.toMatchObject({ code: 'not_found' });

    await house.sessions.send(OWNER, id, { content: '[[tokens 1000 10]]' });
    await streaming(id);
    const running = house.sessions.rewind(id, { toSeq: 0 });
    await expect(running).rejects.toMatchObject({ ...nothing, hint: expect.stringContaining('Interrupt') as unknown });
    await house.sessions.interrupt(id, false);
    await idle(id);
    expect(await last(id, 'session.rewound')).toBeUndefined();
    await expect(house.sessions.rewind(id, place)).resolves.toMatchObject({ turns: 1 });
  });

  test('[REW4] accepts messages meanwhile and runs them when it is done', async () => {
    const { id, ends } = await told('one', '[[tool Read {"file_path":"a"}]]');
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    house.putBack = async () => {
      await held;
      return [];
    };
    const rewinding = house.sessions.rewind(id, { toSeq: ends[0] ?? 0, files: true });
    await until('the files to be put back', () => Promise.resolve(house.rewinds.length === 1));
    const message = await house.sessions.send(OWNER, id, { content: 'meanwhile' });
    expect(message.state).toBe('queued');
    await expect(house.sessions.rewind(id, { toSeq: 0 })).rejects.toMatchObject({ code: 'invalid_request' });
    release();
    await rewinding;
    await idle(id);
    expect(await said(id)).toBe('one | echo: one | meanwhile | echo: meanwhile');
  });

  test('[REW5] puts files back by the first turn that could have changed any, and names them', async () => {
    const { id, messages, ends } = await told('one', 'two', '[[tool Read {"file_path":"a"}]]', 'four');
    const dry = await house.sessions.rewind(id, { toSeq: ends[0] ?? 0, files: true, dryRun: true });
    expect(dry).toMatchObject({ files: ['/srv/a.txt'], turns: 3, dryRun: true });
    expect(await last(id, 'session.rewound')).toBeUndefined();
    await house.sessions.rewind(id, { toSeq: ends[0] ?? 0, files: true });
    expect(house.rewinds).toMatchObject([
      { dryRun: true, messageIds: [messages[1]?.id, messages[2]?.id] },
      { dryRun: false, messageIds: [messages[1]?.id, messages[2]?.id] },
    ]);
    expect(await last(id, 'session.rewound')).toMatchObject({ files: ['/srv/a.txt'] });
  });

  test('[REW5] asks the agent for no files where it used no tool', async () => {
    const { id } = await told('one', 'two');
    expect(await house.sessions.rewind(id, { toSeq: 0, files: true })).toMatchObject({ files: [], turns: 2 });
    expect(house.rewinds).toEqual([]);
  });

  test('[REW5] of files alone leaves the conversation', async () => {
    const { id } = await told('[[tool Read {"file_path":"a"}]]');
    const text = await said(id);
    expect(await house.sessions.rewind(id, { toSeq: 0, files: true, conversation: false })).toMatchObject({
      conversation: false,
      files: ['/srv/a.txt'],
    });
    expect(await last(id, 'files.rewound')).toMatchObject({ toSeq: 0, files: ['/srv/a.txt'] });
    expect(await said(id)).toBe(text);
  });

  test('[REW6] whose files cannot be put back changes nothing, and the session goes on', async () => {
    const { id } = await told('[[tool Read {"file_path":"a"}]]');
    const before = await logOf(id);
    house.putBack = () => Promise.reject(new Error('no'));
    await expect(house.sessions.rewind(id, { toSeq: 0, files: true })).rejects.toThrow('no');
    expect(await logOf(id)).toEqual(before);
    await turn(id, 'goes on');
    expect((await logOf(id)).filter((event) => event.type === 'turn.completed')).toHaveLength(2);
  });

  test('[REW6] says clearly when the agent has no checkpoints', async () => {
    const session: Session = await house.sessions.create(OWNER, { agent: 'scripted' });
    await turn(session.id, 'one');
    const refused = house.sessions.rewind(session.id, { toSeq: 0, files: true });
    await expect(refused).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('checkpoints') as unknown,
    });
    await expect(house.sessions.rewind(session.id, { toSeq: 0 })).resolves.toMatchObject({ turns: 1 });
  });
});
