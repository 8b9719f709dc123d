/** Samples of one thing, in the order of size. */
export class Distribution {
  readonly #sorted: readonly number[];

  constructor(samples: readonly number[]) {
    this.#sorted = samples.toSorted((a, b) => a - b);
  }

  get count(): number {
    return this.#sorted.length;
  }

  get median(): number {
    return this.quantile(0.5);
  }

  /** Linear between the two samples that are nearest; NaN when there is none. */
  quantile(share: number): number {
    const at = share * (this.#sorted.length - 1);
    const low = this.#sorted[Math.floor(at)] ?? Number.NaN;
    const high = this.#sorted[Math.ceil(at)] ?? Number.NaN;
    return low + (high - low) * (at - Math.floor(at));
  }
}

export function median(samples: readonly number[]): number {
  return new Distribution(samples).median;
}
