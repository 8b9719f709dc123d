import type { Usage } from '@hearth/protocol';
import type { AgentEvent } from '../agent-event.ts';
import type { Effect } from '../input.ts';
import { expect } from './log-checker.ts';

export const USAGE: Usage = { inputTokens: 3, outputTokens: 2, cacheReadTokens: 1, cacheCreationTokens: 0 };

export const COMPLETED: AgentEvent = {
  type: 'turn.ended',
  outcome: 'completed',
  stopReason: 'end_turn',
  usage: USAGE,
  costUsd: 0.5,
  context: { usedTokens: 5, maxTokens: 100 },
};

const OVERLOADED = { code: 'overloaded', message: 'Too busy.', retryable: true, status: 529 } as const;

/** What the agents of a session have stored of its conversation, over all processes. */
export interface Conversation {
  messageIds: string[];
}

type Command = Exclude<Effect, { type: 'reply' }>;

/** What a process begins with. */
export interface Opening extends Pick<Extract<Effect, { type: 'agent.send' }>, 'pending' | 'carried' | 'rewind'> {
  /** It goes on with the turn in which the conversation ends. */
  resumes: boolean;
}

interface OpenWork {
  blocks: Map<string, string>;
  tools: Set<string>;
  approvals: Set<string>;
}

/**
 * A simulated agent process that keeps the contract of `AgentProcess`. It does nothing by itself: whoever holds it
 * picks one of its `moves`, so that every schedule can be played, and played again.
 */
export class ModelAgent {
  readonly generation: number;
  readonly #emitEvent: (generation: number, event: AgentEvent) => void;
  readonly #newId: () => string;
  readonly #steering: boolean;
  readonly #conversation: Conversation;
  readonly #strict: boolean;
  life: 'opening' | 'ready' | 'gone' = 'opening';
  /** Does nothing any more, until it is killed. */
  hung = false;
  inTurn = false;
  #inbox: string[] = [];
  /** Out of the inbox, and not told yet. */
  #taken: string[] = [];
  #requests: Command[] = [];
  /** Messages of the running turn, which a crash may lose. */
  #unsaved: string[] = [];
  #front: OpenWork = { blocks: new Map(), tools: new Set(), approvals: new Set() };
  #back: OpenWork = { blocks: new Map(), tools: new Set(), approvals: new Set() };

  constructor(
    generation: number,
    world: {
      emit: (generation: number, event: AgentEvent) => void;
      newId: () => string;
      steering: boolean;
      conversation: Conversation;
      /** The core is told no nonsense either, so it has to keep its side of the contract. */
      strict: boolean;
    },
    opening: Opening,
  ) {
    this.generation = generation;
    this.#emitEvent = world.emit;
    this.#newId = world.newId;
    this.#steering = world.steering;
    this.#conversation = world.conversation;
    this.#strict = world.strict;
    const known = world.conversation.messageIds;
    if (opening.rewind?.lastMessageId === null) known.splice(0);
    const going = [...opening.pending, ...(opening.rewind?.nextMessageIds ?? [])];
    const cut = known.findIndex((messageId) => going.includes(messageId));
    if (cut !== -1) known.splice(cut);
    this.inTurn = opening.resumes;
    this.#unsaved = opening.carried.filter((messageId) => !known.includes(messageId));
    known.push(...this.#unsaved);
  }

  command(command: Command): void {
    if (this.life === 'gone') return;
    if (command.type === 'agent.kill' || command.type === 'agent.close') {
      this.#die(undefined);
      return;
    }
    if (command.type === 'agent.send') {
      const { messageId } = command;
      const has = [...this.#inbox, ...this.#taken, ...this.#conversation.messageIds].includes(messageId);
      if (this.#strict) expect(!has, 'a message is sent to an agent that has it', command);
      this.#inbox.push(messageId);
      return;
    }
    this.#requests.push(command);
  }

  /** All that the agent may do now. With `toEnd` only what leads to the end of its work. */
  moves(toEnd: boolean): (() => void)[] {
    if (this.life === 'gone' || this.hung) return [];
    if (this.life === 'opening') {
      const ready = (): void => {
        this.life = 'ready';
        this.#emit({ type: 'ready', agentSessionId: 'conversation-1' });
      };
      const obey = this.#requests.length > 0 ? [() => this.#obey()] : [];
      const fail = (retryable: boolean) => () =>
        this.#die({ code: 'agent_unavailable', message: 'It did not start.', retryable });
      return toEnd ? [...obey, ready] : [...obey, ready, ready, ready, fail(true), fail(false)];
    }
    const moves: (() => void)[] = [];
    if (this.#requests.length > 0) moves.push(() => this.#obey());
    if (this.#taken.length > 0) moves.push(() => this.#startTaken());
    const takes = this.#inbox.length > 0 && (!this.inTurn || this.#steering);
    if (takes && !(toEnd && this.inTurn)) moves.push(() => this.#take(1));
    if (takes && this.#inbox.length > 1) moves.push(() => this.#take(2));
    if (this.inTurn) moves.push(() => this.#endTurn(COMPLETED));
    else moves.push(...this.#finishing(this.#back));
    if (toEnd) return moves;
    if (this.inTurn) moves.push(...this.#working(this.#front, undefined), () => this.#retry());
    if (this.inTurn) moves.push(() => this.#endTurn({ type: 'turn.ended', outcome: 'failed', error: OVERLOADED }));
    if (this.inTurn) moves.push(() => this.#waitForReset());
    moves.push(() =>
      this.#emit({ type: 'account.selected', accountId: this.#newId(), label: 'one', reason: 'rotated' }),
    );
    moves.push(() =>
      this.#emit({ type: 'call.counted', accountId: 'one', model: 'model', usage: USAGE, costUsd: 0.125 }),
    );
    if (!this.inTurn) moves.push(() => this.#speakUnasked());
    moves.push(...this.#working(this.#back, 'background'));
    moves.push(() => this.#emit({ type: 'activity' }));
    moves.push(() => this.#emit({ type: 'notice', level: 'info', code: 'note', text: 'note' }));
    moves.push(() => this.#die({ code: 'agent_crashed', message: 'Killed.', retryable: true }));
    moves.push(() => {
      this.hung = true;
    });
    return moves;
  }

  #emit(event: AgentEvent): void {
    this.#emitEvent(this.generation, event);
  }

  #take(count: number): void {
    this.#taken.push(...this.#inbox.splice(0, count));
  }

  #startTaken(): void {
    const messageIds = this.#taken.splice(0);
    this.inTurn = true;
    this.#conversation.messageIds.push(...messageIds);
    this.#unsaved.push(...messageIds);
    this.#emit({ type: 'messages.started', messageIds });
  }

  #speakUnasked(): void {
    this.inTurn = true;
    const blockId = this.#newId();
    this.#front.blocks.set(blockId, '');
    this.#emit({ type: 'block.started', blockId, kind: 'text' });
  }

  #obey(): void {
    const command = this.#requests.shift();
    switch (command?.type) {
      case 'agent.withdraw': {
        const { messageId } = command;
        const ok = this.#inbox.includes(messageId);
        this.#inbox = this.#inbox.filter((other) => other !== messageId);
        this.#emit({ type: 'message.withdrawn', messageId, ok });
        return;
      }
      case 'agent.interrupt':
        for (const messageId of this.#inbox.splice(0)) this.#emit({ type: 'message.withdrawn', messageId, ok: true });
        if (this.#taken.length > 0) this.#startTaken();
        for (const approvalId of this.#front.approvals) this.#emit({ type: 'approval.withdrawn', approvalId });
        this.#front = { blocks: new Map(), tools: new Set(), approvals: new Set() };
        this.#settleTurn({ type: 'turn.ended', outcome: 'interrupted', usage: USAGE, costUsd: 0.25 });
        return;
      case 'agent.answer':
        this.#front.approvals.delete(command.approvalId);
        this.#back.approvals.delete(command.approvalId);
        return;
      default:
    }
  }

  #endTurn(end: AgentEvent): void {
    for (let [finish] = this.#finishing(this.#front); finish !== undefined; [finish] = this.#finishing(this.#front)) {
      finish();
    }
    if (this.#taken.length > 0) this.#startTaken();
    this.#settleTurn(end);
  }

  #settleTurn(end: AgentEvent): void {
    this.inTurn = false;
    this.#unsaved = [];
    this.#emit(end);
  }

  #retry(): void {
    for (const blockId of this.#front.blocks.keys()) this.#emit({ type: 'block.completed', blockId, abandoned: true });
    this.#front.blocks.clear();
    const error = { code: 'overloaded', status: 529 } as const;
    this.#emit({ type: 'retry.scheduled', attempt: 1, maxAttempts: 3, delayMs: 500, error });
  }

  /** By the time that its process may be let go, what it has taken is written down. */
  #waitForReset(): void {
    if (this.#taken.length > 0) this.#startTaken();
    this.#retry();
    this.#unsaved = [];
    const error = { code: 'account_exhausted', status: 429 } as const;
    this.#emit({ type: 'retry.scheduled', attempt: 1, maxAttempts: 1, delayMs: 3_600_000, error, forReset: true });
  }

  #working(work: OpenWork, parentToolCallId: string | undefined): (() => void)[] {
    const parent = parentToolCallId === undefined ? {} : { parentToolCallId };
    const begin = (kind: 'text' | 'thinking') => (): void => {
      const blockId = this.#newId();
      work.blocks.set(blockId, '');
      this.#emit({ type: 'block.started', blockId, kind, ...parent });
    };
    const call = (asks: boolean) => (): void => {
      const toolCallId = this.#newId();
      work.tools.add(toolCallId);
      this.#emit({ type: 'tool.called', toolCallId, name: 'Bash', input: {}, ...parent });
      if (!asks) return;
      const approvalId = this.#newId();
      work.approvals.add(approvalId);
      const approval = { approvalId, kind: 'tool' as const, toolCallId, toolName: 'Bash', input: {}, suggestions: [] };
      this.#emit({ type: 'approval.requested', approval });
    };
    const say = [...work.blocks.keys()].map((blockId) => () => {
      const text = `w${blockId} `;
      work.blocks.set(blockId, (work.blocks.get(blockId) ?? '') + text);
      this.#emit({ type: 'block.delta', blockId, text });
    });
    return [begin('text'), begin('thinking'), call(false), call(true), ...say, ...this.#finishing(work)];
  }

  #finishing(work: OpenWork): (() => void)[] {
    const blocks = [...work.blocks].map(([blockId, text]) => () => {
      work.blocks.delete(blockId);
      const streamed = text !== '' && text.length % 3 === 0;
      this.#emit({ type: 'block.completed', blockId, ...(streamed ? {} : { text: text === '' ? 'whole' : text }) });
    });
    const approvals = [...work.approvals].map((approvalId) => () => {
      work.approvals.delete(approvalId);
      this.#emit({ type: 'approval.withdrawn', approvalId });
    });
    const tools = [...work.tools].map((toolCallId) => () => {
      work.tools.delete(toolCallId);
      this.#emit({ type: 'tool.completed', toolCallId, output: 'done', isError: false });
    });
    return [...blocks, ...approvals, ...tools];
  }

  /** Ends the process. What the running turn had brought into the conversation may be lost. */
  #die(error: Extract<AgentEvent, { type: 'exited' }>['error']): void {
    this.life = 'gone';
    const lost = this.#unsaved;
    const { messageIds } = this.#conversation;
    if (lost.length % 2 === 1)
      messageIds.splice(0, messageIds.length, ...messageIds.filter((id) => !lost.includes(id)));
    this.#emit({ type: 'exited', ...(error === undefined ? {} : { error }) });
  }

  /** The server that held this process is gone. */
  vanish(): void {
    if (this.life !== 'gone') this.#die(undefined);
  }
}
