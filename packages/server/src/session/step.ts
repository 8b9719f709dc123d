import type { ErrorCode, EventBody } from '@hearth/protocol';
import type { CoreContext, Effect, Input, ReplyResult } from './input.ts';
import type { SessionState, Turn } from './state.ts';

/**
 * One reduction in the making: the next state, the events to store and the effects to run. It lives for one call of
 * `reduce`; the state that came in is never changed.
 */
export class Step {
  state: SessionState;
  events: EventBody[] = [];
  readonly effects: Effect[] = [];
  readonly context: CoreContext;

  constructor(state: SessionState, context: CoreContext) {
    this.state = state;
    this.context = context;
  }

  get now(): number {
    return this.context.now;
  }

  set(change: Partial<SessionState>): void {
    this.state = { ...this.state, ...change };
  }

  /** Changes the running turn; without one, nothing. */
  setTurn(change: Partial<Turn>): void {
    const { turn } = this.state;
    if (turn !== null) this.set({ turn: { ...turn, ...change } });
  }

  emit(event: EventBody): void {
    // Most steps have one: an array that grows has room for many.
    if (this.events.length === 0) this.events = [event];
    else this.events.push(event);
  }

  /** Emits an event that belongs to the running turn, where there is one. */
  emitInTurn(event: EventBody): void {
    const { turn } = this.state;
    this.emit(turn === null ? event : { ...event, turnId: turn.turnId });
  }

  run(effect: Effect): void {
    this.effects.push(effect);
  }

  done(requestId: string | null, result: ReplyResult = { type: 'done' }): void {
    if (requestId !== null) this.run({ type: 'reply', requestId, reply: { ok: true, result } });
  }

  refuse(requestId: string | null, code: ErrorCode, message: string, hint?: string): void {
    if (requestId === null) return;
    const reply =
      hint === undefined ? { ok: false as const, code, message } : { ok: false as const, code, message, hint };
    this.run({ type: 'reply', requestId, reply });
  }
}

export type InputOf<Type extends Input['type']> = Extract<Input, { type: Type }>;
