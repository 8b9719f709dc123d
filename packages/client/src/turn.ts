import type { Event, EventOf, Message, TurnError } from '@hearth/protocol';
import { HearthError } from '@hearth/protocol/errors';
import { deferred } from './deferred.ts';
import { MessageCancelledError } from './errors.ts';
import type { ClientError } from './errors.ts';
import { EventFeed } from './event-feed.ts';
import type { Follower, Following } from './session-channel.ts';
import { TurnText } from './turn-text.ts';

/** How a prompt ended, as the server says. `text` is the agent's answer, as far as it came. */
export type TurnResult =
  | { outcome: 'completed'; text: string; event: EventOf<'turn.completed'> }
  | { outcome: 'interrupted'; text: string; event: EventOf<'turn.interrupted'> }
  | { outcome: 'failed'; text: string; error: TurnError; event: EventOf<'turn.failed'> }
  /** The message never reached the agent. */
  | { outcome: 'undelivered'; text: ''; event: EventOf<'message.cancelled'> | EventOf<'message.failed'> };

export interface TurnPort {
  follow(follower: Follower): Following;
  /** Sends the message, whose `clientMessageId` is its key. */
  send(): Promise<Message>;
  /** Called once when the turn is over or lost. */
  over(): void;
}

/**
 * One prompt and what becomes of it: an async iterable of the events of its turn, from `turn.started` (for a message
 * that steers: from its delivery) to the turn's end. The turn goes on whether or not it is read.
 */
export class Turn implements AsyncIterable<Event> {
  /** The message, as soon as the server has stored it. */
  readonly message: Promise<Message>;
  /** How it ended. Rejects only when that cannot be known, for instance because the server refused the message. */
  readonly result: Promise<TurnResult>;
  /** The answer: of the texts between tool calls the last. Rejects when the turn failed or the message was cancelled. */
  readonly text: Promise<string>;
  readonly #port: TurnPort;
  readonly #clientMessageId: string;
  readonly #started: Promise<number>;

  /** @param after where in the log the message may be: `live` for one that was never sent before */
  constructor(port: TurnPort, clientMessageId: string, after: number | 'live') {
    this.#port = port;
    this.#clientMessageId = clientMessageId;
    const watch = new TurnWatch(clientMessageId, after);
    const following = port.follow(watch);
    watch.onOver(() => {
      following.stop();
      port.over();
    });
    this.#started = watch.joinedAt;
    this.result = watch.result;
    this.message = this.#started.then(() => port.send());
    this.message.catch((error: ClientError) => watch.ended(error));
    this.text = this.result.then(answerOf);
    for (const promise of [this.#started, this.result, this.text]) promise.catch(() => undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, undefined> {
    const after = await this.#started;
    const feed = new EventFeed((follower) => this.#port.follow(follower), { after });
    const scope = new TurnScope(this.#clientMessageId);
    this.message.catch((error: ClientError) => feed.ended(error));
    try {
      for await (const event of feed) {
        const part = scope.sees(event);
        if (part !== 'other') yield event;
        if (part === 'end') return;
      }
    } finally {
      feed.close();
    }
  }
}

type TurnEnd = EventOf<'turn.completed' | 'turn.interrupted' | 'turn.failed'>;
type End = TurnEnd | EventOf<'message.cancelled' | 'message.failed'>;

/** Tells the events of one message's turn from the others of its session. */
class TurnScope {
  readonly #clientMessageId: string;
  #messageId: string | undefined;
  #turnId: string | undefined;

  constructor(clientMessageId: string) {
    this.#clientMessageId = clientMessageId;
  }

  sees(event: Event): 'other' | 'part' | 'end' {
    if (event.type === 'message.queued' && event.clientMessageId === this.#clientMessageId) {
      this.#messageId = event.messageId;
      return 'part';
    }
    if (this.#messageId === undefined) return 'other';
    if (this.#turnId === undefined) return this.#beforeTurn(event, this.#messageId);
    if (event.turnId !== this.#turnId) return 'other';
    return isTurnEnd(event) ? 'end' : 'part';
  }

  #beforeTurn(event: Event, messageId: string): 'other' | 'part' | 'end' {
    if (event.type === 'turn.started' && event.messageIds.includes(messageId)) {
      this.#turnId = event.turnId;
      return 'part';
    }
    if (!('messageId' in event) || event.messageId !== messageId) return 'other';
    if (event.type === 'message.delivered') this.#turnId = event.turnId;
    return event.type === 'message.cancelled' || event.type === 'message.failed' ? 'end' : 'part';
  }
}

/** Follows a turn to its end, keeping no more than its text. */
class TurnWatch implements Follower {
  readonly after: number | 'live';
  readonly resumes = true;
  readonly joinedAt: Promise<number>;
  readonly result: Promise<TurnResult>;
  readonly #scope: TurnScope;
  readonly #text = new TurnText();
  readonly #join = deferred<number>();
  readonly #result = deferred<TurnResult>();
  #onOver: () => void = () => undefined;
  #isOver = false;

  constructor(clientMessageId: string, after: number | 'live') {
    this.after = after;
    this.#scope = new TurnScope(clientMessageId);
    this.joinedAt = this.#join.promise;
    this.result = this.#result.promise;
  }

  /** Called once, also when it is over already. */
  onOver(listener: () => void): void {
    this.#onOver = listener;
    if (this.#isOver) listener();
  }

  joined(lastSeq: number): void {
    this.#join.resolve(this.after === 'live' ? lastSeq : this.after);
  }

  take(event: Event): boolean {
    const part = this.#scope.sees(event);
    if (part !== 'other') this.#text.add(event);
    if (part === 'end' && isEnd(event)) this.#settle(() => this.#result.resolve(resultOf(event, this.#text.answer)));
    return true;
  }

  ended(error?: ClientError): void {
    const reason =
      error ??
      new HearthError('session_closed', 'The session was deleted before the turn ended.', {
        hint: 'Create a new session.',
      });
    this.#settle(() => {
      this.#join.reject(reason);
      this.#result.reject(reason);
    });
  }

  #settle(settle: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    settle();
    this.#onOver();
  }
}

function isTurnEnd(event: Event): event is TurnEnd {
  return event.type === 'turn.completed' || event.type === 'turn.interrupted' || event.type === 'turn.failed';
}

function isEnd(event: Event): event is End {
  return isTurnEnd(event) || event.type === 'message.cancelled' || event.type === 'message.failed';
}

function resultOf(event: End, text: string): TurnResult {
  if (event.type === 'turn.completed') return { outcome: 'completed', text, event };
  if (event.type === 'turn.interrupted') return { outcome: 'interrupted', text, event };
  if (event.type === 'turn.failed') return { outcome: 'failed', text, error: event.error, event };
  return { outcome: 'undelivered', text: '', event };
}

function answerOf(result: TurnResult): string {
  if (result.outcome === 'failed') throw turnError(result.error);
  if (result.outcome !== 'undelivered') return result.text;
  const { event } = result;
  if (event.type === 'message.cancelled') throw new MessageCancelledError(event.reason);
  throw event.error === undefined ? new HearthError('internal', 'The message failed.') : turnError(event.error);
}

function turnError({ code, message, hint }: TurnError): HearthError {
  return new HearthError(code, message, hint === undefined ? {} : { hint });
}
