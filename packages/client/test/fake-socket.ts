type Listener = (event: never) => void;

/** The client's end of a WebSocket in memory. Each frame arrives in a microtask of its own, in order. */
export class FakeSocket {
  readonly url: string;
  readonly protocols: string[];
  readonly #listeners: [type: string, listener: Listener][] = [];
  #state: 'open' | 'frozen' | 'closed' = 'open';
  #receive: (text: string) => void = () => undefined;
  #closed: () => void = () => undefined;
  #line: Promise<void> = Promise.resolve();

  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push([type, listener]);
  }

  send(text: string): void {
    this.#later(() => this.#receive(text));
  }

  close(code = 1000): void {
    this.cut(code);
  }

  terminate(): void {
    this.cut();
  }

  /** The server lets it in. */
  accept(receive: (text: string) => void, closed: () => void): void {
    this.#receive = receive;
    this.#closed = closed;
    this.#later(() => this.#tell('open', {}));
  }

  /** The server sends. */
  sends(message: unknown): void {
    const data = JSON.stringify(message);
    this.#later(() => this.#tell('message', { data }));
  }

  /** The server sends what may be anything. */
  sendsRaw(data: string): void {
    this.#later(() => this.#tell('message', { data }));
  }

  cut(code = 1006, reason = ''): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#closed();
    queueMicrotask(() => this.#tell('close', { code, reason }));
  }

  freeze(): void {
    this.#state = 'frozen';
  }

  #later(act: () => void): void {
    this.#line = this.#after(this.#line, act);
  }

  async #after(line: Promise<void>, act: () => void): Promise<void> {
    await line;
    if (this.#state === 'open') act();
  }

  #tell(type: string, event: object): void {
    for (const [of, listener] of this.#listeners) {
      if (of === type) (listener as (event: object) => void)(event);
    }
  }
}
