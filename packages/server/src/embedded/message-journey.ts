import { HearthError } from '@hearth/protocol';
import type { Event, InterruptCause, TurnError, Usage } from '@hearth/protocol';
import { deferred } from '../concurrency/deferred.ts';
import { AnswerText } from './answer-text.ts';
import { MessageScope } from './message-scope.ts';
import type { Watcher } from './watch.ts';

/** How a message came to the agent: it started a turn, it steered a running one, or it never did. */
export type MessageDelivery = 'turn' | 'steer' | 'never';

/** What became of a message in the end. */
export type MessageOutcome =
  | { state: 'completed' }
  /** Before it was delivered. */
  | { state: 'cancelled'; reason?: string }
  | { state: 'failed'; error?: TurnError };

/** How a query ended. `text` is the agent's answer, as far as it came; `costUsd` is of this turn alone. */
export type QueryResult =
  | { outcome: 'completed'; turnId: string; text: string; usage: Usage; costUsd: number; stopReason: string }
  | { outcome: 'interrupted'; turnId: string; text: string; by: InterruptCause; usage?: Usage; costUsd?: number }
  | { outcome: 'failed'; turnId: string; text: string; error: TurnError; usage?: Usage; costUsd?: number }
  /** The message never reached the agent. */
  | { outcome: 'undelivered'; text: ''; reason?: string; error?: TurnError };

/** Follows one message from its queue to its end, keeping no more than the answer's text. */
export class MessageJourney implements Watcher {
  readonly #messageId: string;
  readonly #scope: MessageScope;
  readonly #answer = new AnswerText();
  readonly #delivered = deferred<MessageDelivery>();
  readonly #outcome = deferred<MessageOutcome>();
  readonly #result = deferred<QueryResult>();
  readonly #over = deferred<void>();
  #openEnds = 2;

  constructor(messageId: string) {
    this.#messageId = messageId;
    this.#scope = new MessageScope(messageId);
    // Nobody has to ask for all three; whoever awaits one still gets the rejection.
    for (const { promise } of [this.#delivered, this.#outcome, this.#result]) promise.catch(() => undefined);
  }

  get delivered(): Promise<MessageDelivery> {
    return this.#delivered.promise;
  }

  get outcome(): Promise<MessageOutcome> {
    return this.#outcome.promise;
  }

  get result(): Promise<QueryResult> {
    return this.#result.promise;
  }

  /** Resolves when both the message and its turn have ended, or are not followed any more. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  take(event: Event): void {
    const part = this.#scope.sees(event);
    if (part !== 'other') this.#answer.add(event);
    if ('messageId' in event && event.messageId === this.#messageId) this.#takeOwn(event);
    if (part === 'end') this.#endTurn(event);
  }

  ended(): void {
    this.fail(
      new HearthError('session_closed', 'The session was deleted, or the server stopped, before the turn ended.', {
        hint: 'The log has what came until then, unless the session was deleted.',
      }),
    );
  }

  /** Gives up waiting. */
  fail(error: HearthError): void {
    for (const pending of [this.#delivered, this.#outcome, this.#result]) pending.reject(error);
    this.#over.resolve();
  }

  #takeOwn(event: Event): void {
    switch (event.type) {
      case 'message.delivered':
        this.#delivered.resolve(event.as);
        return;
      case 'message.completed':
        this.#end({ state: 'completed' });
        return;
      case 'message.cancelled':
        this.#end({ state: 'cancelled', ...(event.reason === undefined ? {} : { reason: event.reason }) });
        return;
      case 'message.failed':
        this.#end({ state: 'failed', ...(event.error === undefined ? {} : { error: event.error }) });
        return;
      default:
    }
  }

  #end(outcome: MessageOutcome): void {
    this.#delivered.resolve('never');
    this.#outcome.resolve(outcome);
    this.#closeOne();
  }

  #endTurn(event: Event): void {
    this.#result.resolve(resultOf(event, this.#answer.text));
    this.#closeOne();
  }

  #closeOne(): void {
    this.#openEnds -= 1;
    if (this.#openEnds === 0) this.#over.resolve();
  }
}

function resultOf(event: Event, text: string): QueryResult {
  const turnId = event.turnId ?? '';
  switch (event.type) {
    case 'turn.completed': {
      const { usage, costUsd, stopReason } = event;
      return { outcome: 'completed', turnId, text, usage, costUsd, stopReason };
    }
    case 'turn.interrupted':
      return { outcome: 'interrupted', turnId, text, by: event.by, ...spent(event) };
    case 'turn.failed':
      return { outcome: 'failed', turnId, text, error: event.error, ...spent(event) };
    case 'message.cancelled':
      return { outcome: 'undelivered', text: '', ...(event.reason === undefined ? {} : { reason: event.reason }) };
    case 'message.failed':
      return { outcome: 'undelivered', text: '', ...(event.error === undefined ? {} : { error: event.error }) };
    default:
      return { outcome: 'undelivered', text: '' };
  }
}

function spent({ usage, costUsd }: { usage?: Usage | undefined; costUsd?: number | undefined }): {
  usage?: Usage;
  costUsd?: number;
} {
  return { ...(usage === undefined ? {} : { usage }), ...(costUsd === undefined ? {} : { costUsd }) };
}
