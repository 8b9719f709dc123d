import assert from 'node:assert/strict';
import { contentText } from '@hearth/protocol';
import type { Capabilities, Event, Session, SessionFork, SessionRewindResult, Transcript } from '@hearth/protocol';
import { answerText, codeOf, idle, ofType } from '../bench.ts';
import type { Bench } from '../bench.ts';
import type { Case } from '../case.ts';
import type { HttpAnswer } from '../http-client.ts';
import type { RpcSocket } from '../rpc-socket.ts';

/** A session with a turn for each content, and the last seq after each. */
async function told(
  bench: Bench,
  ...contents: string[]
): Promise<{ id: string; socket: RpcSocket; messageIds: string[]; ends: number[] }> {
  const { id } = await bench.session();
  const socket = await bench.watch(id);
  const messageIds: string[] = [];
  const ends: number[] = [];
  for (const content of contents) {
    const [queued] = ofType(await bench.turn(socket, id, content), 'message.queued');
    messageIds.push(queued?.messageId ?? '');
    ends.push(ofType(socket.of(id), 'message.completed').at(-1)?.seq ?? 0);
  }
  return { id, socket, messageIds, ends };
}

async function fork(bench: Bench, id: string, body: SessionFork = {}): Promise<Session> {
  const answer = await bench.http('POST', `/v1/sessions/${id}/fork`, { body });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  const session = answer.body as Session;
  bench.adopt(session.id);
  return session;
}

const rewind = async (bench: Bench, id: string, body: object): Promise<HttpAnswer> =>
  bench.http('POST', `/v1/sessions/${id}/rewind`, { body });

async function rewound(bench: Bench, id: string, body: object): Promise<SessionRewindResult> {
  const answer = await rewind(bench, id, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as SessionRewindResult;
}

/** The texts of users and agent, as a transcript of these events has them. */
function said(events: readonly Event[]): string[] {
  const contents = new Map(ofType(events, 'message.queued').map(({ messageId, content }) => [messageId, content]));
  return events.flatMap((event) => {
    if (event.type === 'message.delivered') return [contentText(contents.get(event.messageId) ?? '')];
    return event.type === 'block.completed' && event.reason !== 'retry' ? [event.text.trim()] : [];
  });
}

async function transcript(bench: Bench, id: string): Promise<string[]> {
  const { body } = await bench.http('GET', `/v1/sessions/${id}/transcript`);
  return said((body as Transcript).items);
}

async function capabilities(bench: Bench, session: Session): Promise<Capabilities> {
  const { body } = await bench.http('GET', '/v1/agents');
  const { items } = body as { items: { name: string; capabilities: Capabilities }[] };
  const found = items.find((agent) => agent.name === session.agent);
  assert(found, `the agent ${session.agent} is listed`);
  return found.capabilities;
}

export const forkCases: Case[] = [
  {
    rules: ['FORK1', 'FORK2', 'FORK3'],
    title: 'a fork in the middle of a turn has the turns that were over, at no cost, and goes on by itself',
    async run(bench) {
      const { id, ends } = await told(bench, 'one', 'two', 'three');
      const source = await bench.log(id);
      const forked = await fork(bench, id, { atSeq: (ends[1] ?? 0) + 3 });
      assert.deepEqual(forked.forkedFrom, { sessionId: id, seq: ends[1] });
      assert.equal(forked.usage.costUsd, 0);
      assert.deepEqual(await transcript(bench, forked.id), ['one', 'echo: one', 'two', 'echo: two']);
      const socket = await bench.watch(forked.id);
      assert.equal(answerText(await bench.turn(socket, forked.id, 'four')), 'echo: four');
      assert.deepEqual(await bench.log(id), source, 'the source is as it was');
      const again = await fork(bench, forked.id);
      assert.equal((await transcript(bench, again.id)).at(-1), 'echo: four');
      const empty = await fork(bench, id, { atSeq: 1 });
      assert.deepEqual(await transcript(bench, empty.id), []);
    },
  },
  {
    rules: ['FORK1', 'FORK2'],
    needs: 'model',
    title: 'the model of a fork has exactly the messages up to there, also of one made while its source streams',
    async run(bench) {
      const { id, socket, ends } = await told(bench, 'one', 'two');
      await bench.send(id, '[[tokens 60 20]]');
      await socket.until('text to stream', () =>
        ofType(socket.of(id), 'block.delta').some(({ seq }) => seq > (ends[1] ?? 0)),
      );
      const whole = await fork(bench, id);
      const part = await fork(bench, id, { atSeq: ends[0] ?? 0 });
      for (const [session, before] of [
        [whole, ['one', 'two']],
        [part, ['one']],
      ] as const) {
        const watching = await bench.watch(session.id);
        const mark = `only in ${session.id}`;
        await bench.turn(watching, session.id, mark);
        const asked = bench.model.requests().find((request) => request.userTexts.includes(mark));
        assert.deepEqual(asked?.userTexts, [...before, mark]);
      }
      await idle(
        socket,
        id,
        socket.of(id).findIndex((event) => event.seq > (ends[1] ?? 0)),
      );
      await bench.turn(socket, id, 'the source goes on');
      const asked = bench.model.requests().find((request) => request.userTexts.includes('the source goes on'));
      assert.deepEqual(asked?.userTexts, ['one', 'two', '[[tokens 60 20]]', 'the source goes on']);
    },
  },
  {
    rules: ['FORK4'],
    title: 'an edited message is a fork that says where it came from, and the same request makes it once',
    async run(bench) {
      const { id, messageIds, ends } = await told(bench, 'one', 'two', 'three');
      const messageId = messageIds[1] ?? '';
      const body = { editMessage: { messageId, content: 'deux', clientMessageId: 'edit-1' } };
      const forked = await fork(bench, id, body);
      assert.deepEqual(forked.forkedFrom, { sessionId: id, seq: ends[0], messageId });
      const socket = await bench.watch(forked.id);
      await idle(socket, forked.id);
      assert.equal((await fork(bench, id, body)).id, forked.id);
      assert.deepEqual(await transcript(bench, forked.id), ['one', 'echo: one', 'deux', 'echo: deux']);
      const unknown = { editMessage: { messageId: 'nobody', content: 'x' } };
      assert.equal((await bench.http('POST', `/v1/sessions/${id}/fork`, { body: unknown })).status, 404);
    },
  },
  {
    rules: ['REW2', 'REW3', 'REW7', 'FORK5'],
    title: 'a rewind is told to all who watch, keeps the log and the cost, and is in no transcript and no fork',
    async run(bench) {
      const { id, socket, ends, messageIds } = await told(bench, 'one', 'two', 'three');
      const before = await bench.log(id);
      const { usage } = await bench.read(id);
      assert.equal(codeOf(await rewind(bench, id, { toSeq: ends[2] ?? 0 })), 'invalid_request', 'nothing to rewind');
      assert.equal(codeOf(await rewind(bench, id, {})), 'invalid_request', 'no place');
      assert.deepEqual(await rewound(bench, id, { toMessageId: messageIds[1], dryRun: true }), {
        toSeq: ends[0],
        turns: 2,
        conversation: true,
        dryRun: true,
      });
      assert.deepEqual(await bench.log(id), before, 'a dry run changes nothing');

      await rewound(bench, id, { toMessageId: messageIds[1] });
      await socket.until('the rewind', () => ofType(socket.of(id), 'session.rewound').length === 1);
      const log = await bench.log(id);
      assert.deepEqual(log.slice(0, before.length), before);
      const [event] = ofType(log, 'session.rewound');
      assert.deepEqual([event?.toSeq, event?.turns], [ends[0], 2]);
      assert.deepEqual(await transcript(bench, id), ['one', 'echo: one']);
      assert.deepEqual(await transcript(bench, (await fork(bench, id)).id), ['one', 'echo: one']);
      assert.deepEqual((await bench.read(id)).usage, usage);
      await bench.turn(socket, id, 'four');
      assert.deepEqual(await transcript(bench, id), ['one', 'echo: one', 'four', 'echo: four']);
    },
  },
  {
    rules: ['REW1'],
    needs: 'model',
    title: 'after a rewind the model has exactly what is left',
    async run(bench) {
      const { id, socket, ends } = await told(bench, 'one', 'two', 'three');
      await rewound(bench, id, { toSeq: ends[1] ?? 0 });
      await rewound(bench, id, { toSeq: ends[0] ?? 0 });
      const mark = `after the rewind of ${id}`;
      await bench.turn(socket, id, mark);
      await bench.turn(socket, id, `${mark}, again`);
      const asked = (text: string) => bench.model.requests().find((request) => request.userTexts.includes(text));
      assert.deepEqual(asked(mark)?.userTexts, ['one', mark]);
      assert.deepEqual(asked(`${mark}, again`)?.userTexts, ['one', mark, `${mark}, again`]);
    },
  },
  {
    rules: ['REW3'],
    title: 'a running turn is not rewound; once it is interrupted it is',
    async run(bench) {
      const { id, socket } = await told(bench, 'one');
      const before = socket.of(id).length;
      await bench.send(id, '[[tokens 2000 20]]');
      await socket.until('text to stream', () => ofType(socket.of(id).slice(before), 'block.delta').length > 0);
      assert.equal(codeOf(await rewind(bench, id, { toSeq: 1 })), 'invalid_request');
      await bench.http('POST', `/v1/sessions/${id}/interrupt`, { body: {} });
      await idle(socket, id, before);
      assert.equal((await rewound(bench, id, { toSeq: 1 })).turns, 2);
      assert.deepEqual(await transcript(bench, id), []);
    },
  },
  {
    rules: ['REW5', 'REW6'],
    title:
      'a rewind of files puts back what the agent wrote, where it keeps checkpoints, and else says that it does not',
    async run(bench) {
      const session = await bench.session({ permissionMode: 'acceptEdits' });
      const { id, cwd } = session;
      const socket = await bench.watch(id);
      const path = `${cwd}/rewound-${id}.txt`;
      const input = JSON.stringify({ file_path: path, content: 'hello' });
      const written = ofType(await bench.turn(socket, id, `[[tool Write ${input}]]`), 'tool.completed');
      assert.deepEqual(
        written.map(({ isError }) => isError),
        [false],
      );
      const { fileCheckpoints = false } = await capabilities(bench, session);
      if (!fileCheckpoints) {
        assert.equal(codeOf(await rewind(bench, id, { toSeq: 0, files: true })), 'invalid_request');
        assert.equal(ofType(await bench.log(id), 'session.rewound').length, 0);
        return;
      }
      const dry = await rewound(bench, id, { toSeq: 0, files: true, dryRun: true });
      assert.deepEqual(dry.files, [path]);
      assert.deepEqual((await rewound(bench, id, { toSeq: 0, files: true })).files, [path]);
      const [event] = ofType(await bench.log(id), 'session.rewound');
      assert.deepEqual(event?.files, [path]);
      const read = `[[tool Read ${JSON.stringify({ file_path: path })}]]`;
      const [looked] = ofType(await bench.turn(socket, id, read), 'tool.completed');
      assert.equal(looked?.isError, true, 'the file is gone');
    },
  },
];
