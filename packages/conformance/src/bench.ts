import assert from 'node:assert/strict';
import type { Event, EventOf, EventType, Message, Session, SessionCreate } from '@hearth/protocol';
import { http } from './http-client.ts';
import type { HttpAnswer } from './http-client.ts';
import { RpcSocket } from './rpc-socket.ts';
import type { ModelLog, Target } from './target.ts';

/** What a case works with: the target, and the short words for what a client does. Everything it opens is closed after. */
export class Bench {
  readonly target: Target;
  readonly #sockets: RpcSocket[] = [];
  readonly #sessions: string[] = [];
  readonly #opening: Promise<unknown>[] = [];
  #isOver = false;

  constructor(target: Target) {
    this.target = target;
  }

  /** The model's requests; only for cases that need them. */
  get model(): ModelLog {
    assert(this.target.model, 'this case needs the log of the scripted model');
    return this.target.model;
  }

  http(method: string, path: string, options?: Parameters<typeof http>[3]): Promise<HttpAnswer> {
    return http(this.target, method, path, options);
  }

  async socket(options?: Parameters<typeof RpcSocket.open>[1]): Promise<RpcSocket> {
    const socket = await RpcSocket.open(this.target, options);
    this.#sockets.push(socket);
    return socket;
  }

  async session(params: SessionCreate = {}): Promise<Session> {
    const agent = this.target.agent === undefined ? {} : { agent: this.target.agent };
    assert(!this.#isOver, 'the case was stopped');
    const opened = this.http('POST', '/v1/sessions', { body: { ...agent, ...params } }).then(({ status, body }) => {
      assert.equal(status, 201, `a session is created: ${JSON.stringify(body)}`);
      this.adopt((body as Session).id);
      return body as Session;
    });
    this.#opening.push(opened);
    return opened;
  }

  /** A session that was made by other means is removed with the others. */
  adopt(sessionId: string): void {
    this.#sessions.push(sessionId);
  }

  async read(sessionId: string): Promise<Session> {
    return (await this.http('GET', `/v1/sessions/${sessionId}`)).body as Session;
  }

  async send(sessionId: string, content: string, more: object = {}): Promise<Message> {
    const { status, body } = await this.http('POST', `/v1/sessions/${sessionId}/messages`, {
      body: { content, ...more },
    });
    assert.equal(status, 202, `a message is accepted: ${JSON.stringify(body)}`);
    return body as Message;
  }

  /** A socket that is subscribed to a session, by default from the beginning of its log, and has all there was of it. */
  async watch(sessionId: string, after?: number): Promise<RpcSocket> {
    const socket = await this.socket();
    const { lastSeq } = await socket.call<{ lastSeq: number }>('session.subscribe', {
      sessionId,
      ...(after === undefined ? {} : { after }),
    });
    if (after === undefined || (after >= 0 && after < lastSeq)) {
      await socket.until('the backlog', () => (socket.of(sessionId).at(-1)?.seq ?? 0) >= lastSeq);
    }
    return socket;
  }

  /**
   * Sends a message and waits until the session is idle again.
   * @returns the events from the one by which the message was queued; the socket may be told of an earlier turn's end meanwhile
   */
  async turn(socket: RpcSocket, sessionId: string, content: string): Promise<Event[]> {
    const { id } = await this.send(sessionId, content);
    const queued = (): number =>
      socket.of(sessionId).findIndex((event) => event.type === 'message.queued' && event.messageId === id);
    await socket.until('the message to be queued', () => queued() !== -1);
    await idle(socket, sessionId, queued());
    return socket.of(sessionId).slice(queued());
  }

  /** The whole log by the JSON route. */
  async log(sessionId: string): Promise<Event[]> {
    const all: Event[] = [];
    for (let after = 0; ;) {
      const { body } = await this.http('GET', `/v1/sessions/${sessionId}/events?after=${after}&limit=1000`, {
        headers: { accept: 'application/json' },
      });
      const { items } = body as { items: Event[] };
      const last = items.at(-1);
      if (last === undefined) return all;
      all.push(...items);
      after = last.seq;
    }
  }

  async clear(): Promise<void> {
    this.#isOver = true;
    for (const socket of this.#sockets) socket.cut();
    await Promise.allSettled(this.#opening);
    await Promise.all(this.#sessions.map((id) => this.http('DELETE', `/v1/sessions/${id}`)));
  }
}

/** Waits for the `phase.changed` to idle that follows a turn's end. */
export async function idle(socket: RpcSocket, sessionId: string, from = 0): Promise<void> {
  await socket.until('the session to be idle again', () => {
    const events = socket.of(sessionId).slice(from);
    const end = events.findLastIndex((event) => isTerminal(event));
    return end !== -1 && events.slice(end).some((event) => event.type === 'phase.changed' && event.phase === 'idle');
  });
}

export function isTerminal(event: Event): boolean {
  return event.type === 'turn.completed' || event.type === 'turn.interrupted' || event.type === 'turn.failed';
}

export function ofType<Type extends EventType>(events: readonly Event[], type: Type): EventOf<Type>[] {
  return events.filter((event): event is EventOf<Type> => event.type === type);
}

/** The only event of its type. */
export function only<Type extends EventType>(events: readonly Event[], type: Type): EventOf<Type> {
  const found = ofType(events, type);
  assert.equal(found.length, 1, `exactly one ${type}, found ${found.length}`);
  return found[0] as EventOf<Type>;
}

/** The texts of the completed, whole text blocks joined. */
export function answerText(events: readonly Event[]): string {
  return ofType(events, 'block.completed')
    .filter((block) => block.kind === 'text' && block.reason !== 'retry')
    .map((block) => block.text)
    .join('');
}

/** What a client shows: each block's text rebuilt from whatever deltas came, by their offsets. */
export function blockTexts(events: readonly Event[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'block.started') texts.set(event.blockId, '');
    if (event.type === 'block.delta') {
      const had = texts.get(event.blockId) ?? '';
      assert(event.offset <= had.length, `a delta at ${event.offset} leaves a hole behind ${had.length}`);
      texts.set(event.blockId, had.slice(0, event.offset) + event.text);
    }
    if (event.type === 'block.completed') {
      const had = texts.get(event.blockId) ?? '';
      assert(event.text.startsWith(had), 'a completed block goes on from what was streamed');
      texts.set(event.blockId, event.text);
    }
  }
  return texts;
}

/** Numbers only grow, and nothing comes twice. */
export function assertOrdered(events: readonly Event[]): void {
  let last = 0;
  for (const { seq } of events) {
    assert(seq > last, `seq ${seq} after ${last}`);
    last = seq;
  }
}

/** The stable code of a JSON-RPC error or of a problem document. */
export function codeOf(answer: { error?: { data?: { code?: string } } } | HttpAnswer): string | undefined {
  if ('status' in answer) return (answer.body as { code?: string }).code;
  return answer.error?.data?.code;
}
