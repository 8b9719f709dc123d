import type { ApprovalAnswer, Content, Event, InterruptResult, Message, Priority, Session } from '@hearth/protocol';
import { approvalAnswerSchema, HearthError, messageSendSchema } from '@hearth/protocol';
import { shaped } from '../connection/shape.ts';
import type { Principal, Sessions } from '../router/sessions.ts';
import { ApprovalWatch } from './approval-watch.ts';
import type { ApprovalHandler } from './approval-watch.ts';
import { EventStream } from './event-stream.ts';
import type { EventsOptions } from './event-stream.ts';
import { MessageJourney } from './message-journey.ts';
import type { MessageDelivery, MessageOutcome, QueryResult } from './message-journey.ts';
import { MessageScope } from './message-scope.ts';
import { watchSession } from './watch.ts';
import type { Watch } from './watch.ts';

/** What a handle needs of the server that it lives in. */
export interface HandleParts {
  sessions: Sessions;
  /** Whose name stands at the messages and answers. */
  principal: Principal;
  /** Ends the session's agent process when nothing runs, and resolves when it is gone. */
  letGo(sessionId: string): Promise<void>;
  /** Aborted when the server has stopped: nothing comes any more. */
  stopped: AbortSignal;
  /** What went wrong where nobody waits for it. */
  onError: (error: unknown, what: string) => void;
}

export interface SendOptions {
  /** What the message does to a running turn. Default `next`. */
  priority?: Priority;
  /** Idempotency key: the same one again in a session returns the first message and does nothing else. */
  clientMessageId?: string;
}

/** A stored message, and what becomes of it. The promises reject only when that cannot be known. */
export interface Receipt {
  readonly message: Message;
  readonly delivered: Promise<MessageDelivery>;
  readonly outcome: Promise<MessageOutcome>;
}

/**
 * One prompt: an async iterable of the events of its turn, from the message to the turn's end. The turn runs whether or
 * not it is read, and `result` needs no reading.
 */
export interface Query extends AsyncIterable<Event> {
  /** Rejects when the message was refused. */
  readonly message: Promise<Message>;
  readonly result: Promise<QueryResult>;
}

interface Sent {
  message: Message;
  journey: MessageJourney;
  /** The log's end before the message. */
  after: number;
}

/** A session of a server in the same process. Any number of handles may be open on one session. */
export class SessionHandle {
  readonly id: string;
  readonly #parts: HandleParts;
  readonly #closers = new Set<() => void>();
  #closed = false;

  constructor(id: string, parts: HandleParts) {
    this.id = id;
    this.#parts = parts;
  }

  get #isClosed(): boolean {
    return this.#closed || this.#parts.stopped.aborted;
  }

  /** The session as it is now. */
  async get(): Promise<Session> {
    return this.#parts.sessions.get(this.id);
  }

  /** Whether a turn runs, or waits for something. */
  async isActive(): Promise<boolean> {
    const { phase } = await this.get();
    return phase !== 'idle' && phase !== 'closed';
  }

  /** Sends a prompt and gives the events of its turn. */
  query(content: Content, options: SendOptions = {}): Query {
    const sent = this.#send(content, options);
    const message = sent.then((known) => known.message);
    const result = sent.then(({ journey }) => journey.result);
    for (const promise of [message, result]) promise.catch(() => undefined);
    const events = (after: number): EventStream => this.events({ after });
    return {
      message,
      result,
      async *[Symbol.asyncIterator]() {
        const { message: known, after } = await sent;
        const scope = new MessageScope(known.id);
        for await (const event of events(after)) {
          const part = scope.sees(event);
          if (part !== 'other') yield event;
          if (part === 'end') return;
        }
      },
    };
  }

  /** Sends into the session, whatever it does. Resolves when the message is stored. */
  async send(content: Content, options: SendOptions = {}): Promise<Receipt> {
    const { message, journey } = await this.#send(content, options);
    return { message, delivered: journey.delivered, outcome: journey.outcome };
  }

  /** The session's events after a cursor, then live; see {@link EventStream}. It follows from the call on. */
  events(options: EventsOptions = {}): EventStream {
    const stream = new EventStream(this.#parts.sessions, this.id, options);
    const end = (): void => stream.end();
    this.#hold(end);
    void this.#cleanUp(stream.over, end);
    if (this.#isClosed) end();
    return stream;
  }

  /** Stops the running turn; the conversation keeps what came. When idle, nothing happens. */
  async interrupt(options: { cancelQueued?: boolean } = {}): Promise<InterruptResult> {
    return this.#parts.sessions.interrupt(this.id, options.cancelQueued ?? false);
  }

  /** Answers a pending approval. The first answer counts; a later one throws `approval_resolved`. */
  async answer(approvalId: string, answer: ApprovalAnswer): Promise<void> {
    const given = shaped(approvalAnswerSchema, answer);
    await this.#parts.sessions.answer(this.#parts.principal, this.id, approvalId, given);
  }

  /**
   * Calls the handler for each approval that is pending or comes. Resolves when it listens.
   * @returns takes the handler away again
   */
  async onApproval(handler: ApprovalHandler): Promise<() => void> {
    const { sessions, onError } = this.#parts;
    const approvals = new ApprovalWatch(handler, {
      answer: (approvalId, answer) => this.answer(approvalId, answer),
      onError: (error, { approvalId }) => onError(error, `approval ${approvalId} of session ${this.id}`),
    });
    const watch = await watchSession(sessions, this.id, -1, approvals);
    if (this.#isClosed) {
      watch.close();
      throw closedBefore('the handler listened', 'Open the session again by its id.');
    }
    for (const approval of watch.session.approvals) approvals.ask(approval);
    const stop = (): void => {
      this.#drop(stop);
      watch.close();
      approvals.ended();
    };
    this.#hold(stop);
    watch.start();
    return stop;
  }

  /**
   * Lets go of the session: feeds and handlers of this handle end, and the agent's process with them unless a turn runs
   * (then it finishes; `interrupt()` first cuts it). The conversation is kept: `open({ id })` goes on with it.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#release();
    await this.#parts.letGo(this.id);
  }

  /** Closes the session and removes it with its log. */
  async delete(): Promise<void> {
    await this.#parts.sessions.delete(this.id);
    await this.close();
  }

  readonly #release = (): void => {
    this.#closed = true;
    this.#parts.stopped.removeEventListener('abort', this.#release);
    for (const close of this.#closers) close();
    this.#closers.clear();
  };

  /** Has it called at the end. Only then the server knows of the handle, so that one can be dropped that does nothing. */
  #hold(closer: () => void): void {
    if (this.#closers.size === 0) this.#parts.stopped.addEventListener('abort', this.#release, { once: true });
    this.#closers.add(closer);
  }

  #drop(closer: () => void): void {
    this.#closers.delete(closer);
    if (this.#closers.size === 0) this.#parts.stopped.removeEventListener('abort', this.#release);
  }

  async #send(content: Content, { priority, clientMessageId }: SendOptions): Promise<Sent> {
    if (this.#isClosed) throw closedBefore('the message was sent', 'Open the session again by its id.');
    const { sessions, principal } = this.#parts;
    const params = shaped(messageSendSchema, { content, priority, clientMessageId });
    const { lastSeq } = await sessions.get(this.id);
    const message = await sessions.send(principal, this.id, params);
    const after = clientMessageId === undefined ? lastSeq : await this.#placeOf(message.id, lastSeq);
    const journey = await this.#follow(message.id, after);
    return { message, journey, after };
  }

  /** A message that was sent before under the same key lies further back in the log. */
  async #placeOf(messageId: string, lastSeq: number): Promise<number> {
    const { items } = await this.#parts.sessions.events(this.id, lastSeq, 100);
    return items.some((event) => event.type === 'message.queued' && event.messageId === messageId) ? lastSeq : 0;
  }

  async #cleanUp(over: Promise<void>, closer: () => void, watch?: Watch): Promise<void> {
    await over;
    this.#drop(closer);
    watch?.close();
  }

  async #follow(messageId: string, after: number): Promise<MessageJourney> {
    const journey = new MessageJourney(messageId);
    const watch = await watchSession(this.#parts.sessions, this.id, after, journey);
    const giveUp = (): void => journey.fail(closedBefore('its turn ended', 'The turn goes on, and its end is logged.'));
    this.#hold(giveUp);
    void this.#cleanUp(journey.over, giveUp, watch);
    if (this.#isClosed) giveUp();
    else watch.start();
    return journey;
  }
}

function closedBefore(what: string, hint: string): HearthError {
  return new HearthError('session_closed', `The handle was closed before ${what}.`, { hint });
}
