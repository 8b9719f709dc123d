import type { Event } from '@hearth/protocol';
import type { Target } from './target.ts';

export interface ServerSentEvent {
  id?: string;
  event?: string;
  data: string;
}

/** Reads a session's log as Server-Sent Events; `stop` ends it. */
export class EventSourceReader {
  readonly received: ServerSentEvent[] = [];
  readonly status: number;
  readonly headers: Headers;
  readonly #abort: AbortController;
  readonly ended: Promise<void>;

  private constructor(response: Response, abort: AbortController) {
    this.status = response.status;
    this.headers = response.headers;
    this.#abort = abort;
    this.ended = this.#read(response);
  }

  static async open(
    target: Target,
    sessionId: string,
    after?: number,
    lastEventId?: string,
  ): Promise<EventSourceReader> {
    const abort = new AbortController();
    const query = after === undefined ? '' : `?after=${after}`;
    const response = await fetch(`${target.baseUrl}/v1/sessions/${sessionId}/events${query}`, {
      headers: {
        authorization: `Bearer ${target.token}`,
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
      signal: abort.signal,
    });
    return new EventSourceReader(response, abort);
  }

  get events(): Event[] {
    return this.received.filter((one) => one.id !== undefined).map((one) => JSON.parse(one.data) as Event);
  }

  async until(what: string, holds: () => boolean, timeoutMs = 30_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (!holds()) {
      if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms on the event stream for: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  stop(): void {
    this.#abort.abort();
  }

  async #read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    let buffer = '';
    try {
      for await (const chunk of response.body ?? []) {
        buffer += decoder.decode(chunk as Uint8Array, { stream: true });
        const parts = buffer.split('\n\n');
        buffer = parts.pop() ?? '';
        for (const part of parts) this.#take(part);
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    }
  }

  #take(part: string): void {
    const one: ServerSentEvent = { data: '' };
    for (const line of part.split('\n')) {
      const [, field, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
      if (field === 'id' && value !== undefined) one.id = value;
      if (field === 'event' && value !== undefined) one.event = value;
      if (field === 'data') one.data += value ?? '';
    }
    if (one.data !== '') this.received.push(one);
  }
}
