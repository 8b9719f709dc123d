import type { SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import { contentParts, type Content } from '@hearth/protocol';
import type { Delivery } from '../backend.ts';
import { wireUuid } from './transcript.ts';

/** `waiting`: still with us. `written`: the binary was given it. `queued`: it said so. `started`: it works on it. */
type Standing = 'waiting' | 'written' | 'queued' | 'started';

interface Held {
  messageId: string;
  uuid: ReturnType<typeof crypto.randomUUID>;
  standing: Standing;
}

/**
 * The messages on their way into one process: the stream that the SDK reads, and what the receipts of the binary
 * (`command_lifecycle`) say of each. A message leaves it when it was taken back, or when its turn is over.
 */
export class Inbox {
  #stream: SDKUserMessage[] = [];
  #held = new Map<string, Held>();
  #attempts = new Map<string, number>();
  #wake: (() => void) | undefined;
  #waiters: (() => void)[] = [];
  #open = false;
  #ended = false;
  readonly #carried = new Set<string>();

  add(delivery: Delivery): void {
    const attempt = this.#attempts.get(delivery.messageId) ?? 0;
    this.#attempts.set(delivery.messageId, attempt + 1);
    const uuid = wireUuid(delivery.messageId, attempt) as Held['uuid'];
    this.#held.set(uuid, { messageId: delivery.messageId, uuid, standing: 'waiting' });
    this.#stream.push({
      type: 'user',
      uuid,
      message: { role: 'user', content: wireContent(delivery.content) },
      parent_tool_use_id: null,
      priority: 'next',
    });
    this.#wake?.();
  }

  /**
   * What a crash kept from the conversation goes in front of everything, each as a message of its own that the model is not
   * asked about by itself, so that the transcript tells exactly which of them it has.
   */
  carry(deliveries: readonly Delivery[]): void {
    const messages = deliveries.map((delivery): SDKUserMessage => {
      const uuid = wireUuid(delivery.messageId, 0) as Held['uuid'];
      this.#carried.add(uuid);
      const message = { role: 'user' as const, content: wireContent(delivery.content) };
      return { type: 'user', uuid, message, parent_tool_use_id: null, shouldQuery: false };
    });
    this.#stream.unshift(...messages);
  }

  /** Whether a receipt is about a carried message; those are nobody's turn. */
  isCarried(uuid: string): boolean {
    return this.#carried.has(uuid);
  }

  /** Lets messages through to the process. Until then each can be taken back for certain. */
  open(): void {
    this.#open = true;
    this.#wake?.();
  }

  /** Ends the stream, and with it the process. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
    this.#settled();
  }

  /** The input of the query. */
  async *messages(): AsyncGenerator<SDKUserMessage> {
    for (;;) {
      const next = this.#open && !this.#ended ? this.#stream.shift() : undefined;
      if (next !== undefined) {
        const held = this.#held.get(next.uuid ?? '');
        if (held !== undefined) held.standing = 'written';
        yield next;
        continue;
      }
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** A receipt. @returns the message that it is about, and what became of it, when it is one of ours */
  receipt(uuid: string, state: string): { messageId: string; fate: 'started' | 'withdrawn' } | undefined {
    const held = this.#held.get(uuid);
    if (held === undefined) return undefined;
    switch (state) {
      case 'queued':
        if (held.standing === 'written') held.standing = 'queued';
        this.#settled();
        return undefined;
      case 'started':
        held.standing = 'started';
        this.#settled();
        return { messageId: held.messageId, fate: 'started' };
      default: {
        // `completed`, or `cancelled`: for a message that had started, the word for a turn that did not come to its end.
        const { standing } = held;
        this.#held.delete(uuid);
        this.#settled();
        return standing === 'started' ? undefined : { messageId: held.messageId, fate: 'withdrawn' };
      }
    }
  }

  /** Takes back a message that the process has not been given. */
  takeBack(messageId: string): boolean {
    const held = this.#find(messageId);
    if (held?.standing !== 'waiting') return false;
    this.#held.delete(held.uuid);
    this.#stream = this.#stream.filter((message) => message.uuid !== held.uuid);
    return true;
  }

  /** Takes back all that the process has not been given. @returns their ids in order */
  takeBackAll(): string[] {
    const ids = [...this.#held.values()].filter((held) => held.standing === 'waiting').map((held) => held.messageId);
    return ids.filter((messageId) => this.takeBack(messageId));
  }

  /** The uuid under which a message was handed over last, if it has not started. */
  unstarted(messageId: string): Held['uuid'] | undefined {
    const held = this.#find(messageId);
    return held === undefined || held.standing === 'started' ? undefined : held.uuid;
  }

  /**
   * Takes back one that the process was given.
   *
   * @param uuid as `unstarted` gave it
   * @param cancel asks the process
   * @returns whether it is back; `told` when its receipt was quicker, by which the same message may be on its way again
   */
  async askBack(uuid: Held['uuid'] | undefined, cancel: (uuid: string) => Promise<boolean>): Promise<boolean | 'told'> {
    await this.acknowledged();
    if (uuid === undefined) return false;
    const ok = this.#held.get(uuid)?.standing === 'started' ? false : await cancel(uuid);
    if (!this.#held.has(uuid)) return 'told';
    if (ok) this.#held.delete(uuid);
    return ok;
  }

  /** All messages that the process holds and has not started. */
  allUnstarted(): string[] {
    return [...this.#held.values()].filter((held) => held.standing !== 'started').map((held) => held.messageId);
  }

  /** Resolves when the process has acknowledged all that it was given. */
  async acknowledged(): Promise<void> {
    while (!this.#ended && [...this.#held.values()].some((held) => held.standing === 'written')) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  #settled(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #find(messageId: string): Held | undefined {
    return [...this.#held.values()].findLast((held) => held.messageId === messageId);
  }
}

type WireContent = SDKUserMessage['message']['content'];

function wireContent(content: Content): WireContent {
  return typeof content === 'string' ? content : wireParts(content);
}

function wireParts(content: Content): Exclude<WireContent, string> {
  return contentParts(content).map((part) =>
    part.type === 'text'
      ? { type: 'text', text: part.text }
      : { type: 'image', source: { type: 'base64', media_type: part.mediaType, data: part.data } },
  );
}
