import assert from 'node:assert/strict';
import { blockTexts } from '@hearth/conformance';
import { foldEvents } from '@hearth/client/conversation';
import type { Event, EventOf, Message, Session } from '@hearth/protocol';
import type { Ledger } from './ledger.ts';

/** What stands of one session when a run is over. */
export interface Outcome {
  session: Session;
  messages: Message[];
  log: Event[];
  /** By the client's name. */
  seen: Map<string, readonly Event[]>;
}

type Delta = EventOf<'block.delta'>;

/** Holds a settled session against the guarantees. @throws AssertionError at the first one that is broken */
export function checkSession(outcome: Outcome, ledger: Ledger): void {
  checkLog(outcome.log);
  checkSettled(outcome);
  checkMessages(outcome, ledger);
  checkAnswers(outcome.log, ledger);
  for (const [client, events] of outcome.seen) checkClient(client, events, outcome.log);
}

/** Order, one end for each turn and message, nothing left open. */
function checkLog(log: readonly Event[]): void {
  assertGrowing('the log', log);
  assert.equal(log[0]?.type, 'session.created', 'a log begins with its session');
  const walk = new Walk();
  for (const event of log) walk.read(event);
  walk.end();
}

type MessageState = 'queued' | 'delivered' | 'completed' | 'cancelled' | 'failed';

class Walk {
  readonly messages = new Map<string, MessageState>();
  readonly #ended = new Set<string>();
  readonly #blocks = new Set<string>();
  readonly #tools = new Set<string>();
  readonly #approvals = new Map<string, 'pending' | 'resolved'>();
  #turn: { id: string; messages: string[] } | null = null;
  #ends: string[] = [];
  #phase = 'idle';

  read(event: Event): void {
    const tell = (what: string): string => `${what}: ${JSON.stringify(event)}`;
    if (event.type !== 'message.completed' && event.type !== 'message.failed')
      assert.deepEqual(this.#ends, [], tell('messages of an ended turn have no end'));
    switch (event.type) {
      case 'message.queued':
        this.#move(event.messageId, undefined, 'queued');
        return;
      case 'message.updated':
        assert.equal(this.messages.get(event.messageId), 'queued', tell('changed after delivery'));
        return;
      case 'message.delivered':
        this.#move(event.messageId, 'queued', 'delivered');
        assert(this.#turn !== null, tell('delivered outside of a turn'));
        if (event.as === 'steer') this.#turn.messages.push(event.messageId);
        return;
      case 'message.cancelled':
        this.#move(event.messageId, 'queued', 'cancelled');
        return;
      case 'message.completed':
      case 'message.failed':
        this.#move(event.messageId, 'delivered', event.type === 'message.failed' ? 'failed' : 'completed');
        assert.equal(this.#ends.shift(), event.messageId, tell('an end that no turn called for'));
        return;
      case 'turn.started':
        assert.equal(this.#turn, null, tell('two turns at once'));
        assert(event.turnId !== undefined && !this.#ended.has(event.turnId), tell('a turn starts twice'));
        this.#turn = { id: event.turnId, messages: [...event.messageIds] };
        return;
      case 'turn.completed':
      case 'turn.interrupted':
      case 'turn.failed':
        assert.equal(event.turnId, this.#turn?.id, tell('the end of a turn that does not run'));
        this.#ended.add(event.turnId ?? '');
        this.#ends = this.#turn?.messages ?? [];
        this.#turn = null;
        return;
      case 'phase.changed':
        assert.notEqual(event.phase, this.#phase, tell('the same phase again'));
        this.#phase = event.phase;
        return;
      case 'block.started':
        assert(!this.#blocks.has(event.blockId), tell('a block starts twice'));
        this.#blocks.add(event.blockId);
        return;
      case 'block.completed':
        assert(this.#blocks.delete(event.blockId), tell('the end of a block that is not open'));
        return;
      case 'tool.called':
        this.#tools.add(event.toolCallId);
        return;
      case 'tool.completed':
        assert(this.#tools.delete(event.toolCallId), tell('the end of a tool that does not run'));
        return;
      case 'approval.requested':
        assert(!this.#approvals.has(event.approvalId), tell('asked twice'));
        this.#approvals.set(event.approvalId, 'pending');
        return;
      case 'approval.resolved':
        assert.equal(this.#approvals.get(event.approvalId), 'pending', tell('resolved unasked, or twice'));
        this.#approvals.set(event.approvalId, 'resolved');
        return;
      default:
    }
  }

  end(): void {
    assert.equal(this.#turn, null, 'a turn has no end');
    assert.equal(this.#phase, 'idle', 'the phase is stuck');
    assert.deepEqual([...this.#blocks], [], 'blocks have no end');
    assert.deepEqual([...this.#tools], [], 'tools have no end');
    const open = [...this.messages].filter(([, state]) => state === 'queued' || state === 'delivered');
    assert.deepEqual(open, [], 'messages have no end');
    const pending = [...this.#approvals].filter(([, state]) => state === 'pending');
    assert.deepEqual(pending, [], 'approvals have no end');
  }

  #move(messageId: string, from: MessageState | undefined, to: MessageState): void {
    const state = this.messages.get(messageId);
    assert.equal(state, from, `the message ${messageId} goes from ${state ?? 'nothing'} to ${to}`);
    this.messages.set(messageId, to);
  }
}

function checkSettled({ session, log }: Outcome): void {
  assert.equal(session.phase, 'idle', 'the session is idle');
  assert.deepEqual(session.queue, [], 'nothing is queued');
  assert.deepEqual(session.approvals, [], 'nothing is asked');
  assert.equal(session.turnId, undefined, 'no turn runs');
  assert.equal(session.lastSeq, log.at(-1)?.seq, 'the session and its log have the same last seq');
}

/** What was acknowledged is there once and has one end; a key stands for one message. */
function checkMessages({ session, messages, log }: Outcome, ledger: Ledger): void {
  const queued = log.filter((event) => event.type === 'message.queued');
  const ends = new Map<string, string>();
  for (const event of log) {
    if (event.type === 'message.completed' || event.type === 'message.failed' || event.type === 'message.cancelled')
      ends.set(event.messageId, event.type.slice('message.'.length));
  }
  assert.deepEqual(
    new Map(messages.map(({ id, state }) => [id, state])),
    new Map(queued.map(({ messageId }) => [messageId, ends.get(messageId)])),
    'the messages stand as the log says',
  );
  for (const sent of ledger.sent.filter(({ sessionId }) => sessionId === session.id)) {
    const { clientMessageId, acknowledged, content } = sent;
    for (const messageId of acknowledged) {
      const found = queued.filter((event) => event.messageId === messageId);
      assert.equal(found.length, 1, `the acknowledged message ${messageId} “${content}” is in the log once`);
      assert.equal(found[0]?.content, content, 'with its content');
    }
    if (clientMessageId === undefined) continue;
    const keyed = queued.filter((event) => event.clientMessageId === clientMessageId);
    assert(keyed.length <= 1, `${clientMessageId} stands for ${keyed.length} messages`);
    assert(acknowledged.size <= 1, `${clientMessageId} was answered with several ids`);
  }
  for (const messageId of ledger.cancelled) {
    if (ends.has(messageId)) assert.equal(ends.get(messageId), 'cancelled', `${messageId} was cancelled`);
  }
}

function checkAnswers(log: readonly Event[], ledger: Ledger): void {
  for (const event of log) {
    if (event.type !== 'approval.resolved') continue;
    const answers = ledger.answers.get(event.approvalId) ?? [];
    assert(answers.length <= 1, `the approval ${event.approvalId} took ${answers.length} answers`);
    const [answer] = answers;
    if (answer !== undefined) assert.equal(event.decision, answer, `the accepted answer of ${event.approvalId} counts`);
  }
}

/** A client that was there from the beginning has the whole log, whatever happened to it meanwhile. */
function checkClient(client: string, seen: readonly Event[], log: readonly Event[]): void {
  assertGrowing(client, seen);
  const stored = new Map(log.map((event) => [event.seq, event]));
  for (const event of seen) {
    const now = stored.get(event.seq);
    if (event.type === 'block.delta') {
      if (now !== undefined) assert.equal(now.type, 'block.delta', `${client}: the number ${event.seq} was used again`);
    } else assert.deepEqual(now, event, `${client}: ${event.seq} is not what it was`);
  }
  assert.deepEqual(seen.filter(isWhole), log.filter(isWhole), `${client} has every event`);
  const texts = blockTexts(log);
  for (const delta of seen.filter((event): event is Delta => event.type === 'block.delta')) {
    const whole = texts.get(delta.blockId) ?? '';
    const part = whole.slice(delta.offset, delta.offset + delta.text.length);
    assert.equal(delta.text, part, `${client} saw a text in ${delta.blockId} at ${delta.offset} that is not there`);
  }
  assert.deepEqual(blockTexts(seen), texts, `${client} has every text`);
  assert.deepEqual(foldEvents(seen), foldEvents(log), `${client} has the same conversation`);
}

function isWhole(event: Event): boolean {
  return event.type !== 'block.delta';
}

function assertGrowing(where: string, events: readonly Event[]): void {
  let last = 0;
  for (const { seq } of events) {
    assert(seq > last, `${where}: seq ${seq} after ${last}`);
    last = seq;
  }
}

/** The marks in a text, in order. */
function marksIn(text: string): string[] {
  return [...text.matchAll(/<\w+>/g)].map(([mark]) => mark);
}

/** A message that reached the agent: the marks of its text. */
interface Told {
  marks: string[];
  /**
   * It was put into a turn that was cut. Claude Code shows such a one to the model after the message that came next, for
   * it puts that to the last tool results.
   */
  mayMove: boolean;
}

/** What the log says that the agent was told, in order. */
function toldIn(log: readonly Event[]): Told[] {
  const contents = new Map<string, string>();
  const told: Told[] = [];
  let steered: Told[] = [];
  for (const event of log) {
    switch (event.type) {
      case 'message.queued':
        contents.set(event.messageId, JSON.stringify(event.content));
        break;
      case 'message.updated':
        if (event.content !== undefined) contents.set(event.messageId, JSON.stringify(event.content));
        break;
      case 'message.delivered': {
        const one = { marks: marksIn(contents.get(event.messageId) ?? ''), mayMove: false };
        told.push(one);
        if (event.as === 'steer') steered.push(one);
        break;
      }
      case 'turn.started':
        steered = [];
        break;
      case 'turn.interrupted':
      case 'turn.failed':
        for (const one of steered) one.mayMove = true;
        break;
      default:
    }
  }
  return told;
}

/** The model was asked with every user message, once and in order. */
export function checkConversation(log: readonly Event[], userTexts: readonly string[]): void {
  const asked = userTexts.flatMap((text) => marksIn(text));
  const told = toldIn(log);
  const moving = new Set(told.filter((one) => one.mayMove).flatMap((one) => one.marks));
  const inPlace = (marks: string[]): string[] => marks.filter((mark) => !moving.has(mark));
  const expected = told.flatMap((one) => one.marks);
  assert.deepEqual(asked.toSorted(), expected.toSorted(), 'the model has every user message once');
  assert.deepEqual(inPlace(asked), inPlace(expected), 'the model has the user messages in order');
}
