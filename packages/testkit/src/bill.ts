import type { ApiUsage } from './reply.ts';

/** What one call of the model cost its caller. */
export interface Bill {
  /** Of the request, as in `RecordedRequest.number`. */
  readonly number: number;
  readonly apiKey: string | undefined;
  readonly model: string;
  /** `cut`, `aborted`: the answer broke off; its input is billed all the same, and the output that was made by then. */
  readonly outcome: 'whole' | 'cut' | 'aborted';
  readonly usage: ApiUsage;
}

const NOTHING: ApiUsage = {
  input_tokens: 0,
  output_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
};

/**
 * The bills of all calls, in the order in which they were over; at most `limit`, the oldest go first. A call that failed
 * before its answer began has none.
 */
export class BillBook {
  readonly #limit: number;
  readonly #bills: Bill[] = [];
  #total = NOTHING;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get bills(): readonly Bill[] {
    return this.#bills;
  }

  /** Of all that were ever added. */
  get total(): ApiUsage {
    return this.#total;
  }

  add(bill: Bill): void {
    this.#bills.push(bill);
    if (this.#bills.length > this.#limit) this.#bills.shift();
    const { usage } = bill;
    this.#total = {
      input_tokens: this.#total.input_tokens + usage.input_tokens,
      output_tokens: this.#total.output_tokens + usage.output_tokens,
      cache_read_input_tokens: this.#total.cache_read_input_tokens + usage.cache_read_input_tokens,
      cache_creation_input_tokens: this.#total.cache_creation_input_tokens + usage.cache_creation_input_tokens,
    };
  }

  reset(): void {
    this.#bills.length = 0;
    this.#total = NOTHING;
  }
}
