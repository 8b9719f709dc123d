import { WebSocket } from 'ws';

/** What a Node process says of its memory, in bytes. */
export interface Memory {
  rss: number;
  heapUsed: number;
  external: number;
}

/** Looks into a Node process that was started with `--inspect=0`. */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const { id, result } = JSON.parse(data.toString('utf8')) as { id?: number; result?: unknown };
      if (id === undefined) return;
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  static async open(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve).once('error', reject);
    });
    return new Inspector(socket);
  }

  /** What is left when the garbage is collected. */
  async memory(): Promise<Memory> {
    await this.#call('HeapProfiler.collectGarbage');
    await this.#call('HeapProfiler.collectGarbage');
    const answer = await this.#call<{ result: { value: string } }>('Runtime.evaluate', {
      expression: 'JSON.stringify(process.memoryUsage())',
    });
    return JSON.parse(answer.result.value) as Memory;
  }

  /** A CPU profile of what happens meanwhile, for the `.cpuprofile` reader of a browser. */
  async profile(work: () => Promise<void>): Promise<unknown> {
    await this.#call('Profiler.enable');
    await this.#call('Profiler.setSamplingInterval', { interval: 200 });
    await this.#call('Profiler.start');
    await work();
    return (await this.#call<{ profile: unknown }>('Profiler.stop')).profile;
  }

  close(): void {
    this.#socket.close();
  }

  #call<Result>(method: string, params: object = {}): Promise<Result> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = new Promise<unknown>((resolve) => {
      this.#waiting.set(id, resolve);
    });
    this.#socket.send(JSON.stringify({ id, method, params }));
    return answer as Promise<Result>;
  }
}
