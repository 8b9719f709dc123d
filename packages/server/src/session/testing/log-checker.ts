import type { Event, Phase } from '@hearth/protocol';

type MessageState = 'queued' | 'delivered' | 'completed' | 'cancelled' | 'failed';

/** Reads a session's log as it grows and throws at the first event that breaks a promise of the protocol. */
export class LogChecker {
  readonly messages = new Map<string, MessageState>();
  readonly openBlocks = new Map<string, string>();
  readonly openTools = new Set<string>();
  readonly pendingApprovals = new Set<string>();
  readonly resolvedApprovals = new Set<string>();
  readonly endedTurns = new Set<string>();
  turn: { turnId: string; messageIds: string[] } | null = null;
  phase: Phase = 'idle';
  /** Messages whose ends must come next, for their turn has just ended. */
  #ending: { turnId: string; messageIds: string[] } | null = null;
  readonly #exactTexts: boolean;

  /** `exactTexts`: the agent keeps its word that a completed block begins with what was streamed. */
  constructor(exactTexts: boolean) {
    this.#exactTexts = exactTexts;
  }

  read(event: Event): void {
    const isEnd = event.type === 'message.completed' || event.type === 'message.failed';
    if (!isEnd) {
      expect((this.#ending?.messageIds.length ?? 0) === 0, 'a message of an ended turn has no end', event);
      this.#ending = null;
    }
    const allowed = isEnd ? this.#ending?.turnId : event.type === 'turn.started' ? event.turnId : this.turn?.turnId;
    expect(event.turnId === undefined || event.turnId === allowed, 'an event of a turn that does not run', event);
    switch (event.type) {
      case 'message.queued':
        this.#move(event.messageId, undefined, 'queued', event);
        return;
      case 'message.delivered':
        this.#move(event.messageId, 'queued', 'delivered', event);
        expect(this.turn !== null, 'delivered outside of a turn', event);
        if (event.as === 'steer') this.turn?.messageIds.push(event.messageId);
        else expect(this.turn?.messageIds.includes(event.messageId), 'delivered as turn but not announced', event);
        return;
      case 'message.updated':
        expect(this.messages.get(event.messageId) === 'queued', 'changed after delivery', event);
        return;
      case 'message.cancelled':
        this.#move(event.messageId, 'queued', 'cancelled', event);
        return;
      case 'message.completed':
      case 'message.failed':
        this.#move(event.messageId, 'delivered', event.type === 'message.failed' ? 'failed' : 'completed', event);
        expect(this.#ending?.messageIds.shift() === event.messageId, 'ends that no turn’s end called for', event);
        return;
      case 'turn.started':
        expect(this.turn === null, 'two turns at once', event);
        expect(event.turnId !== undefined && !this.endedTurns.has(event.turnId), 'a turn starts twice', event);
        this.turn = { turnId: event.turnId ?? '', messageIds: [...event.messageIds] };
        return;
      case 'turn.completed':
      case 'turn.interrupted':
      case 'turn.failed':
        expect(this.turn !== null && event.turnId === this.turn.turnId, 'the end of a turn that does not run', event);
        this.endedTurns.add(event.turnId ?? '');
        this.#ending = this.turn;
        this.turn = null;
        return;
      case 'phase.changed':
        expect(event.phase !== this.phase, 'the same phase again', event);
        this.phase = event.phase;
        return;
      default:
        this.#readWork(event);
    }
  }

  #readWork(event: Event): void {
    switch (event.type) {
      case 'block.started':
        expect(!this.openBlocks.has(event.blockId), 'a block starts twice', event);
        this.openBlocks.set(event.blockId, '');
        return;
      case 'block.delta': {
        const text = this.openBlocks.get(event.blockId);
        expect(text !== undefined && event.offset === text.length, 'a hole or an overlap in a block', event);
        this.openBlocks.set(event.blockId, text + event.text);
        return;
      }
      case 'block.completed': {
        const text = this.openBlocks.get(event.blockId);
        expect(text !== undefined, 'the end of a block that is not open', event);
        if (this.#exactTexts) expect(event.text.startsWith(text ?? ''), 'a block lost streamed text', event);
        expect((event.partial === true) === (event.reason !== undefined), 'partial without a reason', event);
        this.openBlocks.delete(event.blockId);
        return;
      }
      case 'tool.called':
        expect(!this.openTools.has(event.toolCallId), 'a tool is called twice', event);
        this.openTools.add(event.toolCallId);
        return;
      case 'tool.completed':
        expect(this.openTools.delete(event.toolCallId), 'the end of a tool that does not run', event);
        return;
      case 'approval.requested':
        expect(!this.pendingApprovals.has(event.approvalId), 'asked twice', event);
        this.pendingApprovals.add(event.approvalId);
        return;
      case 'approval.resolved':
        expect(this.pendingApprovals.delete(event.approvalId), 'resolved without being asked, or twice', event);
        this.resolvedApprovals.add(event.approvalId);
        return;
      default:
    }
  }

  #move(messageId: string, from: MessageState | undefined, to: MessageState, event: Event): void {
    const state = this.messages.get(messageId);
    expect(state === from, `from ${state ?? 'nothing'} to ${to}`, event);
    this.messages.set(messageId, to);
  }
}

/** Fails the test with the event that broke the rule. */
export function expect(holds: boolean | undefined, rule: string, event?: unknown): asserts holds {
  if (holds !== true) throw new Error(`broken: ${rule}${event === undefined ? '' : ` by ${JSON.stringify(event)}`}`);
}
