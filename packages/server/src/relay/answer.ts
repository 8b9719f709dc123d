import type { Clock } from '../concurrency/clock.ts';
import type { UpstreamAnswer } from './upstream.ts';

/** What is left of a body that says why a call failed. */
const MAX_ERROR_BYTES = 64 * 1024;
/** How long such a body may take: the agent is told nothing meanwhile. */
const MAX_ERROR_MS = 10_000;
/** Headers of one connection; and a length, which is another one for a body that was decoded or cut. */
const NOT_PASSED_ON = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'transfer-encoding',
  'proxy-authenticate',
  'trailer',
  'upgrade',
]);

/** The body of a failure, which may be cut: its status has said what matters. */
export async function readError({ body }: UpstreamAnswer, clock: Clock): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const timer = clock.setTimeout(() => body.destroy(), MAX_ERROR_MS);
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > MAX_ERROR_BYTES) break;
      chunks.push(chunk);
    }
  } catch {
    // The status has said what matters.
  } finally {
    clock.clearTimeout(timer);
  }
  return Buffer.concat(chunks);
}

/** `error.type` of the body; undefined where it has none. */
export function errorType(body: Buffer): string | undefined {
  try {
    const { error } = JSON.parse(body.toString('utf8')) as { error?: { type?: unknown } };
    return typeof error?.type === 'string' ? error.type : undefined;
  } catch {
    return undefined;
  }
}

/** The headers of an answer as the agent gets them. */
export function passedOn(headers: UpstreamAnswer['headers']): Record<string, string | string[]> {
  const entries = Object.entries(headers).filter(([name, value]) => value !== undefined && !NOT_PASSED_ON.has(name));
  return Object.fromEntries(entries) as Record<string, string | string[]>;
}

export function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
