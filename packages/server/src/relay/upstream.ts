import type { Dispatcher } from 'undici';

/** An answer of the model API, whose body is still to come. */
export interface UpstreamAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: AsyncIterable<Uint8Array>;
}

export interface UpstreamRequest {
  url: URL;
  method: string;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  gone: AbortSignal;
}

/** An answer that does not stream begins only when the model is done. */
const FIRST_BYTE_TIMEOUT_MS = 15 * 60_000;
const SILENCE_TIMEOUT_MS = 5 * 60_000;

/** The way to the model APIs, with kept connections, through the proxy that the environment names, where it names one. */
export class Upstream {
  #dispatcher: Promise<Dispatcher> | undefined;

  /** @throws Error when no answer came */
  async ask({ url, method, headers, body, gone }: UpstreamRequest): Promise<UpstreamAnswer> {
    this.#dispatcher ??= connect();
    const dispatcher = await this.#dispatcher;
    const answer = await dispatcher.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers,
      body: body.length === 0 ? null : body,
      signal: gone,
    });
    return { status: answer.statusCode, headers: answer.headers, body: answer.body };
  }

  async close(): Promise<void> {
    await (await this.#dispatcher)?.destroy();
  }
}

/** Loaded when it is first needed: a server without accounts starts quicker without it. */
async function connect(): Promise<Dispatcher> {
  const { EnvHttpProxyAgent } = await import('undici');
  return new EnvHttpProxyAgent({ headersTimeout: FIRST_BYTE_TIMEOUT_MS, bodyTimeout: SILENCE_TIMEOUT_MS });
}
