import type { BlockKind } from '@hearth/protocol';
import type { AgentEvent } from '../backend.ts';
import { blocksOf, type StreamEvent, type WireBlock, type WireMessage } from './sdk-message.ts';

interface OpenBlock {
  blockId: string;
  kind: BlockKind;
}

/** One answer that streams, of the main conversation or of a subagent. */
interface Attempt {
  messageId: string | undefined;
  open: Map<number, OpenBlock>;
}

/**
 * Text and thinking: the deltas of a stream and the whole block that follows, as one block. A stream that breaks is begun
 * anew by the binary; what had streamed and never became whole is then abandoned, and never mixed with the new text.
 */
export class BlockReader {
  readonly #emit: (event: AgentEvent) => void;
  readonly #newId: () => string;
  /** By the tool call that the subagent runs under; '' is the main conversation. */
  readonly #attempts = new Map<string, Attempt>();

  constructor(emit: (event: AgentEvent) => void, newId: () => string) {
    this.#emit = emit;
    this.#newId = newId;
  }

  /** @returns whether anything came of it */
  onStream(event: StreamEvent, parent: string): boolean {
    const attempt = this.#attempts.get(parent);
    switch (event.type) {
      case 'message_start':
        this.abandon(parent);
        this.#attempts.set(parent, { messageId: event.message?.id, open: new Map() });
        return false;
      case 'content_block_start':
        return attempt !== undefined && this.#start(attempt, event.index ?? 0, event.content_block, parent);
      case 'content_block_delta': {
        const block = attempt?.open.get(event.index ?? 0);
        const text = block?.kind === 'thinking' ? event.delta?.thinking : event.delta?.text;
        return block !== undefined && this.#append(block, text ?? '');
      }
      default:
        return false;
    }
  }

  /** A whole message: of each of its blocks the text, streamed before or not. */
  onWhole(message: WireMessage, parent: string): void {
    for (const block of blocksOf(message)) {
      const kind = kindOf(block);
      if (kind === undefined) continue;
      const text = (kind === 'text' ? block.text : block.thinking) ?? '';
      const open = this.#take(parent, message.message?.id, kind);
      if (open === undefined && text === '') continue;
      const blockId = open?.blockId ?? this.#open(kind, parent);
      this.#emit({ type: 'block.completed', blockId, text });
    }
  }

  /** Gives up what streams: the attempt broke and the binary makes another. */
  abandon(parent: string): void {
    for (const { blockId } of this.#attempts.get(parent)?.open.values() ?? []) {
      this.#emit({ type: 'block.completed', blockId, abandoned: true });
    }
    this.#attempts.delete(parent);
  }

  /** The turn is over: what is open stays as it is, for the core to close. */
  forget(parent: string): void {
    this.#attempts.delete(parent);
  }

  #start(attempt: Attempt, index: number, block: WireBlock | undefined, parent: string): boolean {
    const kind = block === undefined ? undefined : kindOf(block);
    if (block === undefined || kind === undefined) return false;
    const open: OpenBlock = { blockId: this.#open(kind, parent), kind };
    attempt.open.set(index, open);
    this.#append(open, (kind === 'text' ? block.text : block.thinking) ?? '');
    return true;
  }

  #open(kind: BlockKind, parent: string): string {
    const blockId = this.#newId();
    this.#emit({ type: 'block.started', blockId, kind, ...(parent === '' ? {} : { parentToolCallId: parent }) });
    return blockId;
  }

  #append(block: OpenBlock, text: string): boolean {
    if (text === '') return false;
    this.#emit({ type: 'block.delta', blockId: block.blockId, text });
    return true;
  }

  #take(parent: string, messageId: string | undefined, kind: BlockKind): OpenBlock | undefined {
    const attempt = this.#attempts.get(parent);
    if (attempt === undefined || attempt.messageId !== messageId) return undefined;
    for (const [index, open] of attempt.open) {
      if (open.kind !== kind) continue;
      attempt.open.delete(index);
      return open;
    }
    return undefined;
  }
}

function kindOf(block: WireBlock): BlockKind | undefined {
  return block.type === 'text' || block.type === 'thinking' ? block.type : undefined;
}
