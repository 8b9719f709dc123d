import type { ServerResponse } from 'node:http';
import type { AnswerSink } from './answer-sink.ts';
import type { Clock } from './fake-clock.ts';
import { pause } from './pause.ts';
import type { Piece } from './performance.ts';

/** How far an answer came. `calledTools` decides the stop reason. */
export type Played =
  | { readonly type: 'whole'; readonly deltas: number; readonly calledTools: boolean }
  | { readonly type: 'cut'; readonly deltas: number }
  | { readonly type: 'aborted'; readonly deltas: number };

export interface PlayOptions {
  readonly sink: AnswerSink;
  readonly response: ServerResponse;
  readonly clock: Clock;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /** Stop before the delta after this many; `undefined` plays all. */
  readonly cutAfter: number | undefined;
  readonly toolUseId: (index: number) => string;
}

/** Plays the pieces into the sink, at their pace and no faster than the client reads. */
export async function playAnswer(pieces: Iterable<Piece>, options: PlayOptions): Promise<Played> {
  const { sink, signal, clock, cutAfter } = options;
  let deltas = 0;
  let tools = 0;
  sink.start();
  for (const piece of pieces) {
    const waitMs = piece.type === 'stall' ? piece.ms : piece.type === 'tool' ? 0 : piece.delayMs;
    if (deltas === cutAfter) break;
    if (waitMs !== 0) {
      sink.flush();
      await pause(clock, waitMs, signal);
    }
    if (signal.aborted) return { type: 'aborted', deltas };
    if (piece.type === 'tool') {
      sink.toolUse(piece.id ?? options.toolUseId(tools), piece.name);
      tools += 1;
      for (const part of halves(JSON.stringify(piece.input))) {
        if (deltas === cutAfter) break;
        sink.toolInput(part);
        deltas += 1;
      }
    } else if (piece.type !== 'stall') {
      if (piece.type === 'text') sink.text(piece.text);
      else sink.thinking(piece.text);
      deltas += 1;
    }
    if (deltas % 256 === 0 && !sink.flush()) await drained(options.response, signal);
    if (signal.aborted) return { type: 'aborted', deltas };
  }
  sink.flush();
  if (cutAfter !== undefined) return { type: 'cut', deltas };
  return { type: 'whole', deltas, calledTools: tools > 0 };
}

function halves(json: string): string[] {
  const middle = Math.ceil(json.length / 2);
  return [json.slice(0, middle), json.slice(middle)].filter((part) => part !== '');
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      response.off('drain', finish);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    if (signal.aborted || !response.writableNeedDrain) resolve();
    else {
      response.once('drain', finish);
      signal.addEventListener('abort', finish);
    }
  });
}
