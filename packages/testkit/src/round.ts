import { wholeMsUntil } from './due.ts';
import type { Piece } from './performance.ts';

type SpokenPiece = Extract<Piece, { type: 'text' | 'thinking' }>;
type ToolPiece = Extract<Piece, { type: 'tool' }>;

/** Deltas that come at the same time, or a tool call. */
export type RoundStep = { readonly type: SpokenPiece['type']; readonly deltas: readonly string[] } | ToolPiece;

/** What the player of a round has to do next. */
export type RoundMove =
  | { readonly type: 'wait'; readonly ms: number | 'forever' }
  /** Leave time for others, because nothing was waited for since the last step; then ask again. */
  | { readonly type: 'breathe' }
  | { readonly type: 'show'; readonly step: RoundStep }
  | { readonly type: 'end' };

const BREATHE = { type: 'breathe' } as const;
const END = { type: 'end' } as const;

/** The pieces of a round as moves, one at a time. */
export class Round {
  readonly #pieces: Iterator<Piece>;
  readonly #maxDeltas: number;
  #left: number;
  /** The piece whose turn it is, and whether its pause is over. */
  #piece: Piece | null = null;
  #waited = false;
  #gathered: { type: SpokenPiece['type']; deltas: string[] } | null = null;

  /**
   * @param cutAfter so many deltas and calls, and no more
   * @param maxDeltas at most so many in one step
   */
  constructor(pieces: Iterable<Piece>, cutAfter: number, maxDeltas: number) {
    this.#pieces = pieces[Symbol.iterator]();
    this.#left = cutAfter;
    this.#maxDeltas = maxDeltas;
  }

  /** @param rested whether something was waited for since the last step */
  next(rested: boolean): RoundMove {
    for (;;) {
      const piece = this.#present();
      const waitMs = piece === null || this.#waited ? 0 : pauseBefore(piece);
      if (this.#gathered !== null && !this.#fits(piece, waitMs)) {
        if (!rested) return BREATHE;
        const step = this.#gathered;
        this.#gathered = null;
        return { type: 'show', step };
      }
      if (piece === null) return END;
      if (waitMs !== 0) {
        this.#waited = piece.type !== 'text' || piece.dueUs === undefined;
        return { type: 'wait', ms: waitMs };
      }
      if (piece.type === 'tool' && !rested) return BREATHE;
      this.#piece = null;
      this.#waited = false;
      if (piece.type === 'stall') continue;
      this.#left -= 1;
      if (piece.type === 'tool') return { type: 'show', step: piece };
      if (this.#gathered === null) this.#gathered = { type: piece.type, deltas: [piece.text] };
      else this.#gathered.deltas.push(piece.text);
    }
  }

  #present(): Piece | null {
    if (this.#piece === null && this.#left > 0) {
      const next = this.#pieces.next();
      this.#piece = next.done === true ? null : next.value;
    }
    return this.#piece;
  }

  #fits(piece: Piece | null, waitMs: number | 'forever'): boolean {
    const gathered = this.#gathered;
    return (
      gathered !== null && piece?.type === gathered.type && gathered.deltas.length < this.#maxDeltas && waitMs === 0
    );
  }
}

function pauseBefore(piece: Piece): number | 'forever' {
  if (piece.type === 'stall') return piece.ms;
  if (piece.type === 'tool') return 0;
  if (piece.type === 'thinking' || piece.dueUs === undefined) return piece.delayMs;
  return wholeMsUntil(piece.dueUs);
}
