import { pipeline } from 'node:stream';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { Dispatcher } from 'undici';

/** An answer of the model API, whose body is still to come. */
export interface UpstreamAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Readable;
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
    return plain({ status: answer.statusCode, headers: answer.headers, body: answer.body });
  }

  async close(): Promise<void> {
    await (await this.#dispatcher)?.destroy();
  }
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** Not everybody heeds that a body is to come as it is, and what cannot be read cannot be counted. */
function plain(answer: UpstreamAnswer): UpstreamAnswer {
  const { 'content-encoding': encoding, ...headers } = answer.headers;
  const decoder = DECODERS[String(encoding).trim().toLowerCase()]?.();
  if (decoder === undefined) return answer;
  // Whoever reads is told of its end and of its failure.
  return { ...answer, headers, body: pipeline(answer.body, decoder, () => undefined) };
}

/** Loaded when it is first needed: a server without accounts starts quicker without it. */
async function connect(): Promise<Dispatcher> {
  const { EnvHttpProxyAgent } = await import('undici');
  return new EnvHttpProxyAgent({ headersTimeout: FIRST_BYTE_TIMEOUT_MS, bodyTimeout: SILENCE_TIMEOUT_MS });
}
