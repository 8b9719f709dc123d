/**
 * Where a message of the queue would go: the place in the queue after the change, which the server is asked for.
 * Undefined: it stays.
 */
export function placeAfter(from: number, move: 'up' | 'down', length: number): number | undefined {
  const to = move === 'up' ? from - 1 : from + 1;
  return to < 0 || to >= length ? undefined : to;
}

/** Where something that is dragged over another one lands, by the half that it is over. */
export function placeOfDrop(from: number, over: number, isLowerHalf: boolean): number | undefined {
  const gap = isLowerHalf ? over + 1 : over;
  const to = gap > from ? gap - 1 : gap;
  return to === from ? undefined : to;
}
