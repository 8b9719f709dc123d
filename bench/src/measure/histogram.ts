/** Buckets of 1 %: fine enough for quantiles, small enough to be sent between processes. */
const GROWTH = 1.01;
const BUCKETS = 2_400;

/** Millions of durations in little room. What is below 1 µs counts as 1 µs. */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;

  add(durationUs: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.floor(Math.log(Math.max(1, durationUs)) / Math.log(GROWTH)));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total += 1;
  }

  /** @returns ms; NaN when nothing was added */
  quantileMs(share: number): number {
    if (this.#total === 0) return Number.NaN;
    let left = share * this.#total;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      left -= this.#counts[bucket] ?? 0;
      if (left <= 0) return GROWTH ** (bucket + 0.5) / 1000;
    }
    return GROWTH ** BUCKETS / 1000;
  }
}
