import { setTimeout as sleep } from 'node:timers/promises';
import { Bench } from '@hearth/conformance';
import type { Target } from '@hearth/conformance';
import type { Approval, Event, Message, Session } from '@hearth/protocol';
import { Ledger } from './ledger.ts';
import type { SentMessage } from './ledger.ts';
import { ClientObserver, SocketObserver, StreamObserver } from './observer.ts';
import type { Observer } from './observer.ts';
import type { Action, Way } from './plan.ts';
import type { Stage } from './stage.ts';

type HttpAnswer = Awaited<ReturnType<Bench['http']>>;

const MOST_SESSIONS = 5;

/** The users of one run: what they see by several clients, and what they do. */
export class Users {
  readonly ledger = new Ledger();
  readonly sessions: string[] = [];
  readonly observers: readonly Observer[];
  readonly #stage: Stage;
  readonly #bench: Bench;
  readonly #socket: SocketObserver;
  readonly #client: ClientObserver;

  private constructor(stage: Stage, target: Target, observers: [SocketObserver, StreamObserver, ClientObserver]) {
    this.#stage = stage;
    this.#bench = new Bench(target);
    this.observers = observers;
    [this.#socket, , this.#client] = observers;
  }

  static async join(stage: Stage): Promise<Users> {
    const { target } = stage;
    const observers = [
      new SocketObserver('WebSocket', target, await stage.proxy()),
      new StreamObserver('EventSource', target, await stage.proxy()),
      new ClientObserver('client', target, await stage.proxy()),
    ] as [SocketObserver, StreamObserver, ClientObserver];
    return new Users(stage, target, observers);
  }

  observer(number: number): Observer {
    return at(this.observers, number);
  }

  async openSession(): Promise<string> {
    const { status, body } = await this.#http('POST', '/v1/sessions', { agent: this.#stage.agent });
    if (status !== 201) throw new Error(`no session: ${JSON.stringify(body)}`);
    return this.#followed((body as Session).id);
  }

  /** Resolves when it is done or has failed, as it may while something is broken. @returns what came of it */
  async act(action: Action): Promise<string> {
    try {
      return await this.#act(action);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  read(sessionId: string): Promise<Session> {
    return this.#get(`/v1/sessions/${sessionId}`) as Promise<Session>;
  }

  async messages(sessionId: string): Promise<Message[]> {
    const items: Message[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const query: string = cursor === '' ? '' : `?cursor=${encodeURIComponent(cursor)}`;
      const page = (await this.#get(`/v1/sessions/${sessionId}/messages${query}`)) as {
        items: Message[];
        nextCursor?: string;
      };
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  }

  log(sessionId: string): Promise<Event[]> {
    return this.#bench.log(sessionId);
  }

  /** Sends until it is accepted. */
  async insist(sessionId: string, content: string): Promise<void> {
    const clientMessageId = `last-${sessionId}`;
    const sent = this.#meant(sessionId, content, 'later', clientMessageId);
    const end = Date.now() + 20_000;
    for (;;) {
      try {
        await this.#send(sent, 'http');
        return;
      } catch (error) {
        if (Date.now() > end) throw error;
        await sleep(100);
      }
    }
  }

  /** Denies everything that is asked now. */
  async denyAll(session: Session): Promise<void> {
    for (const { approvalId } of session.approvals) await this.#answer(session.id, approvalId, 'deny', 'once');
  }

  async leave(): Promise<void> {
    await Promise.all(this.observers.map((observer) => observer.stop()));
  }

  async #act(action: Action): Promise<string> {
    switch (action.do) {
      case 'send': {
        const key = action.keyed ? { clientMessageId: `key-${action.mark}` } : {};
        const sessionId = at(this.sessions, action.session);
        const content = this.#here(action.prompt);
        const sends = Array.from({ length: action.keyed ? action.copies : 1 }, () => content);
        const sent = this.#meant(sessionId, content, action.priority, key.clientMessageId);
        await Promise.all(sends.map(() => this.#send(sent, action.way)));
        return [...sent.acknowledged].join();
      }
      case 'resend': {
        const keyed = this.ledger.sent.filter((sent) => sent.clientMessageId !== undefined);
        const sent = keyed.length === 0 ? undefined : at(keyed, action.target);
        if (sent === undefined) return 'nothing to send again';
        await this.#send(sent, 'http');
        return [...sent.acknowledged].join();
      }
      case 'edit':
        return this.#change(action.target, { content: this.#here(action.prompt) });
      case 'move': {
        const priority = action.priority === null ? {} : { priority: action.priority };
        return this.#change(action.target, { place: action.place, ...priority });
      }
      case 'cancel':
        return this.#cancel(action.target);
      case 'interrupt': {
        const path = `/v1/sessions/${at(this.sessions, action.session)}/interrupt`;
        return said(await this.#http('POST', path, { cancelQueued: action.cancelQueued }));
      }
      case 'answer': {
        const session = await this.read(at(this.sessions, action.session));
        const [approval] = session.approvals as [Approval?];
        if (approval === undefined) return 'nothing is asked';
        const answers = Array.from({ length: action.copies }, (_, copy) =>
          this.#answer(session.id, approval.approvalId, copy === 0 ? action.decision : 'deny', action.scope),
        );
        return (await Promise.all(answers)).join();
      }
      case 'update':
        return said(
          await this.#http('PATCH', `/v1/sessions/${at(this.sessions, action.session)}`, { title: action.title }),
        );
      case 'fork':
        return this.#fork(at(this.sessions, action.session), action.share);
      case 'leave':
        await this.observer(action.client).leave(at(this.sessions, action.session));
        return 'left and came back';
    }
  }

  async #change(target: number, change: object): Promise<string> {
    const known = this.ledger.known();
    if (known.length === 0) return 'no message';
    const { sessionId, messageId } = at(known, target);
    return said(await this.#http('PATCH', `/v1/sessions/${sessionId}/messages/${messageId}`, change));
  }

  async #cancel(target: number): Promise<string> {
    const known = this.ledger.known();
    if (known.length === 0) return 'no message';
    const { sessionId, messageId } = at(known, target);
    const answer = await this.#http('DELETE', `/v1/sessions/${sessionId}/messages/${messageId}`);
    if (answer.status < 300) this.ledger.cancelled.add(messageId);
    return said(answer);
  }

  async #fork(sessionId: string, share: number): Promise<string> {
    if (this.sessions.length >= MOST_SESSIONS) return 'there are sessions enough';
    const { lastSeq } = await this.read(sessionId);
    const answer = await this.#http('POST', `/v1/sessions/${sessionId}/fork`, { atSeq: Math.ceil(lastSeq * share) });
    if (answer.status === 201) this.#followed((answer.body as Session).id);
    return said(answer);
  }

  async #answer(sessionId: string, approvalId: string, decision: string, scope: string): Promise<string> {
    const path = `/v1/sessions/${sessionId}/approvals/${approvalId}`;
    const answer = await this.#http('POST', path, { decision, scope });
    if (answer.status === 200) this.ledger.answered(approvalId, decision);
    return said(answer);
  }

  #meant(sessionId: string, content: string, priority: string, clientMessageId: string | undefined): SentMessage {
    return {
      sessionId,
      content,
      priority,
      acknowledged: new Set(),
      unanswered: 0,
      ...(clientMessageId === undefined ? {} : { clientMessageId }),
    };
  }

  #send(sent: SentMessage, way: Way): Promise<void> {
    const { sessionId, content, priority, clientMessageId } = sent;
    const body = { content, priority, ...(clientMessageId === undefined ? {} : { clientMessageId }) };
    return this.ledger.send(sent, async () => {
      switch (way) {
        case 'socket':
          return this.#socket.send({ sessionId, ...body });
        case 'sdk':
          return this.#client.hearth.session(sessionId).send(content, {
            priority: priority as 'next',
            ...(clientMessageId === undefined ? {} : { clientMessageId }),
            signal: AbortSignal.timeout(15_000),
          });
        case 'http': {
          const answer = await this.#http('POST', `/v1/sessions/${sessionId}/messages`, body);
          if (answer.status !== 202) throw new Error(said(answer));
          return answer.body as Message;
        }
      }
    });
  }

  #here(prompt: string): string {
    return prompt.replaceAll('WORKSPACE', this.#stage.place.workspace);
  }

  #followed(sessionId: string): string {
    this.sessions.push(sessionId);
    for (const observer of this.observers) observer.follow(sessionId);
    return sessionId;
  }

  async #get(path: string): Promise<unknown> {
    const { status, body } = await this.#http('GET', path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  #http(method: string, path: string, body?: object): Promise<HttpAnswer> {
    return this.#bench.http(method, path, body === undefined ? {} : { body });
  }
}

function said({ status, body }: HttpAnswer): string {
  return status < 300 ? String(status) : `${status} ${JSON.stringify(body)}`;
}

function at<Item>(items: readonly Item[], number: number): Item {
  return items[number % items.length] as Item;
}
