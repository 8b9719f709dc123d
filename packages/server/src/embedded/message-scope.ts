import type { Event } from '@hearth/protocol';

export type Part =
  | 'other'
  /** Belongs to the message or to its turn. */
  | 'part'
  /** The end of its turn, or, when it never got one, its own end. */
  | 'end';

/** Tells the events of one message and its turn from the others of its session. */
export class MessageScope {
  readonly #messageId: string;
  #turnId: string | undefined;
  #over = false;

  constructor(messageId: string) {
    this.#messageId = messageId;
  }

  sees(event: Event): Part {
    if (this.#over) return 'other';
    const part = this.#turnId === undefined ? this.#beforeTurn(event) : this.#inTurn(event, this.#turnId);
    if (part === 'end') this.#over = true;
    return part;
  }

  #beforeTurn(event: Event): Part {
    if (event.type === 'turn.started' && event.messageIds.includes(this.#messageId)) {
      this.#turnId = event.turnId;
      return 'part';
    }
    if (!isOf(event, this.#messageId)) return 'other';
    if (event.type === 'message.delivered') this.#turnId = event.turnId;
    return isMessageEnd(event) ? 'end' : 'part';
  }

  #inTurn(event: Event, turnId: string): Part {
    if (event.turnId !== turnId) return isOf(event, this.#messageId) ? 'part' : 'other';
    return isTurnEnd(event) ? 'end' : 'part';
  }
}

export function isTurnEnd(event: Event): boolean {
  return event.type === 'turn.completed' || event.type === 'turn.interrupted' || event.type === 'turn.failed';
}

function isMessageEnd(event: Event): boolean {
  return event.type === 'message.completed' || event.type === 'message.cancelled' || event.type === 'message.failed';
}

function isOf(event: Event, messageId: string): boolean {
  return 'messageId' in event && event.messageId === messageId;
}
