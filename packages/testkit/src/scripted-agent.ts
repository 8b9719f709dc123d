import { scriptFor, type JsonObject, type Script } from './directives.ts';
import type { Clock } from './fake-clock.ts';
import { pause, Pauses } from './pause.ts';
import { perform, splitRound, toolSaid, type Piece } from './performance.ts';
import { Round } from './round.ts';
import type { RoundStep } from './round.ts';
import { simulateTool, type ToolOutcome } from './simulated-tool.ts';

/** One thing the scripted agent does. Deltas that come at the same time come in one step, and are still N deltas. */
export type AgentStep =
  | { readonly type: 'thinking'; readonly deltas: readonly string[] }
  | { readonly type: 'text'; readonly deltas: readonly string[] }
  | ({ readonly type: 'tool.called' } & ToolCall)
  | ({ readonly type: 'tool.completed'; readonly toolCallId: string } & ToolOutcome);

/** How a turn ended. `cut`: the connection broke in mid-answer, what was sent is torn. */
export type AgentEnd =
  | { readonly type: 'end'; readonly inputTokens: number; readonly outputTokens: number }
  | { readonly type: 'failed'; readonly status: number }
  | { readonly type: 'cut' }
  | { readonly type: 'aborted' };

export interface ToolCall {
  readonly toolCallId: string;
  readonly name: string;
  readonly input: JsonObject;
}

/** The user's word on a tool call. */
export type ToolPermission =
  | { readonly allow: true; readonly input?: JsonObject }
  | { readonly allow: false; readonly message: string };

export interface ScriptedAgentOptions {
  readonly clock: Clock;
  /** Aborted to interrupt the turn. */
  readonly signal: AbortSignal;
  /** Makes tool call ids; the same seed gives the same ids. */
  readonly seed: string;
  /** 0 (default) for the first attempt at this prompt, 1 for its first retry: what `TIMES` of a fault counts. */
  readonly attempt?: number;
  /** Pause between the words of `say`, `think` and echoes. Default 0. */
  readonly wordDelayMs?: number;
  /** At most so many deltas in one step. Default 256. */
  readonly maxDeltasPerStep?: number;
  /** Asked for each tool call, for several at once; default: all are allowed. */
  readonly permit?: (call: ToolCall) => Promise<ToolPermission>;
  /** Takes the messages that the user sent since; called after tool results. They are answered in the same turn. */
  readonly takeSteered?: () => readonly string[];
  /** Waited for between two steps without a pause, so that a script at full speed leaves time for others. */
  readonly breathe?: () => Promise<void>;
}

const CHARS_PER_TOKEN = 4;

/**
 * Plays one turn of the `scripted` agent: the prompt's directives, with tools that are simulated, never executed. The
 * same prompt, seed, attempt and steered messages give the same steps.
 * @param show is given each step when it is done
 */
export async function playTurn(
  prompt: string,
  options: ScriptedAgentOptions,
  show: (step: AgentStep) => void,
): Promise<AgentEnd> {
  const { signal } = options;
  const turn = new TurnPlayer(options, show);
  let steps: Script = scriptFor(prompt);
  let inputChars = prompt.length;
  for (;;) {
    const { now, rest } = splitRound(steps);
    const { hangMs, fault, pieces } = perform(now, options.attempt ?? 0, { wordDelayMs: options.wordDelayMs ?? 0 });
    if (hangMs !== 0) await turn.pause(hangMs);
    if (signal.aborted) return { type: 'aborted' };
    if (fault.type === 'status') return { type: 'failed', status: fault.code };
    await turn.round(pieces, fault.type === 'cut' ? fault.afterDeltas : Infinity);
    if (signal.aborted) return { type: 'aborted' };
    if (fault.type === 'cut') return { type: 'cut' };
    if (turn.calls.length === 0) break;
    const outputs = await turn.runTools();
    if (signal.aborted) return { type: 'aborted' };
    const steered = options.takeSteered?.() ?? [];
    inputChars += [...outputs, ...steered].join('').length;
    steps = [toolSaid(outputs), ...rest, ...steered.flatMap((text) => scriptFor(text))];
  }
  return {
    type: 'end',
    inputTokens: Math.ceil(inputChars / CHARS_PER_TOKEN),
    outputTokens: Math.max(1, turn.deltas),
  };
}

class TurnPlayer {
  deltas = 0;
  calls: ToolCall[] = [];
  readonly #options: ScriptedAgentOptions;
  readonly #onStep: (step: AgentStep) => void;
  readonly #maxDeltas: number;
  readonly #pauses: Pauses;
  #rested = true;
  #toolCount = 0;

  constructor(options: ScriptedAgentOptions, show: (step: AgentStep) => void) {
    this.#options = options;
    this.#onStep = show;
    this.#maxDeltas = options.maxDeltasPerStep ?? 256;
    this.#pauses = new Pauses(options.clock, options.signal);
  }

  pause(ms: number | 'forever'): Promise<void> {
    return new Promise((resolve) => {
      this.#pauses.after(ms, () => {
        this.#rested = true;
        resolve();
      });
    });
  }

  /** Text and thinking, then the tool calls, which are kept in `calls`. */
  round(pieces: Iterable<Piece>, cutAfter: number): Promise<void> {
    this.calls = [];
    return new Promise((resolve, reject) => {
      const round = new Round(pieces, cutAfter, this.#maxDeltas);
      // No promise for each delta: there may be thousands a second, of many sessions.
      const goOn = (): void => {
        try {
          for (let next = round.next(this.#rested); ; next = round.next(this.#rested)) {
            if (this.#pauses.ended || next.type === 'end') return resolve();
            if (next.type === 'wait') return this.#pauses.after(next.ms, rest);
            if (next.type === 'breathe') return void this.#breathe().then(goOn, reject);
            this.#show(next.step);
          }
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const rest = (): void => {
        this.#rested = true;
        goOn();
      };
      goOn();
    });
  }
  /** Runs the calls of the round at once, shows each result when it is there, and returns them in the calls' order. */
  async runTools(): Promise<string[]> {
    const { signal } = this.#options;
    const outputs: string[] = this.calls.map(() => '');
    const running = new Map(
      this.calls.map((call, index) => [index, this.#run(call).then((outcome) => ({ index, call, outcome }))]),
    );
    while (running.size > 0) {
      const { index, call, outcome } = await Promise.race(running.values());
      running.delete(index);
      if (signal.aborted) continue;
      outputs[index] = outcome.output;
      if (!this.#rested) await this.#breathe();
      this.#tell({ type: 'tool.completed', toolCallId: call.toolCallId, ...outcome });
    }
    return outputs;
  }

  /** Before a step that no pause came before. */
  async #breathe(): Promise<void> {
    await this.#options.breathe?.();
    this.#rested = true;
  }

  #show(step: RoundStep): void {
    if (step.type !== 'tool') {
      this.deltas += step.deltas.length;
      this.#tell(step);
      return;
    }
    this.deltas += 1;
    this.#toolCount += 1;
    const toolCallId = step.id ?? `${this.#options.seed}-${this.#toolCount}`;
    const call = { toolCallId, name: step.name, input: step.input };
    this.calls.push(call);
    this.#tell({ type: 'tool.called', ...call });
  }

  #tell(step: AgentStep): void {
    this.#rested = false;
    if (!this.#pauses.ended) this.#onStep(step);
  }

  async #run(call: ToolCall): Promise<ToolOutcome> {
    const permission = await this.#ask(call);
    if (!permission.allow) return { output: permission.message, isError: true };
    return simulateTool(call.name, permission.input ?? call.input, this.#options);
  }

  /** A question that is still open when the turn is aborted, or that fails, is a no. */
  async #ask(call: ToolCall): Promise<ToolPermission> {
    const { permit, clock, signal } = this.#options;
    if (permit === undefined) return { allow: true };
    const aborted = pause(clock, 'forever', signal).then((): ToolPermission => ({ allow: false, message: 'aborted' }));
    try {
      return await Promise.race([permit(call), aborted]);
    } catch (error) {
      return { allow: false, message: `the permission could not be asked for: ${String(error)}` };
    }
  }
}
