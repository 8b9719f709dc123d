import { HearthError } from '@hearth/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServerResponse } from 'node:http';
import type { Auth, Identity } from '../auth/auth.ts';
import type { Sessions, Subscription, SubscriptionSink } from '../router/sessions.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** How soon a browser's EventSource comes back after its connection broke. */
const RETRY_MS = 1_000;
/** A comment now and then keeps proxies from closing a quiet stream, and finds readers that are gone. */
const KEEP_ALIVE_MS = 15_000;

export interface EventStreamsOptions {
  sessions: Sessions;
  auth: Auth;
  metrics: Metrics;
  keepAliveMs?: number;
}

/** The open Server-Sent Events streams: each is a subscription, and ends with its reader, its session or its token. */
export class EventStreams {
  readonly #options: EventStreamsOptions;
  readonly #open = new Set<EventStream>();
  readonly #placing = new Set<EventStream>();
  readonly #timer: NodeJS.Timeout;
  readonly #stopListening: () => void;

  constructor(options: EventStreamsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#keepAlive(), options.keepAliveMs ?? KEEP_ALIVE_MS);
    this.#timer.unref();
    this.#stopListening = options.auth.onRevoked((tokenId) => {
      for (const stream of this.#placing) if (stream.identity.tokenId === tokenId) this.#placing.delete(stream);
      for (const stream of this.#open) if (stream.identity.tokenId === tokenId) stream.end();
    });
  }

  /** Turns the reply into a stream of the log after `after`, then live. Rejects while nothing has been sent yet. */
  async open(request: FastifyRequest, reply: FastifyReply, stream: StreamRequest): Promise<void> {
    const response = reply.raw;
    const sink = new EventStream(response, stream.identity);
    const subscription = await this.#place(sink, stream);
    reply.hijack();
    if (request.raw.socket.destroyed) {
      subscription.close();
      return;
    }
    this.#open.add(sink);
    this.#options.metrics.subscriptionOpened('sse');
    response.on('close', () => {
      subscription.close();
      this.#open.delete(sink);
      this.#options.metrics.subscriptionClosed('sse');
    });
    response.on('drain', () => subscription.resume());
    response.on('error', (error) => request.log.debug({ err: error }, 'an event stream broke'));
    response.writeHead(200, {
      ...headersOf(reply),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    sink.start(subscription);
  }

  /** A stream may have to end before it has begun, as when its token is revoked meanwhile. */
  async #place(sink: EventStream, { sessionId, after }: StreamRequest): Promise<Subscription> {
    this.#placing.add(sink);
    try {
      const subscription = await this.#options.sessions.subscribe(sessionId, after, sink);
      if (this.#placing.has(sink)) return subscription;
      subscription.close();
      throw new HearthError('overloaded', 'The stream ended before it began.', { hint: 'Open it again.' });
    } finally {
      this.#placing.delete(sink);
    }
  }

  /** Ends every stream; their readers come back elsewhere or later. */
  close(): void {
    clearInterval(this.#timer);
    this.#stopListening();
    this.#placing.clear();
    for (const stream of this.#open) stream.end();
  }

  #keepAlive(): void {
    const now = Date.now();
    for (const stream of this.#open) {
      const { expiresAtMs } = stream.identity;
      if (expiresAtMs !== null && expiresAtMs <= now) stream.end();
      else stream.comment('keep-alive');
    }
  }
}

export interface StreamRequest {
  identity: Identity;
  sessionId: string;
  after: number;
}

class EventStream implements SubscriptionSink {
  readonly identity: Identity;
  readonly #response: ServerResponse;

  constructor(response: ServerResponse, identity: Identity) {
    this.#response = response;
    this.identity = identity;
  }

  /** A first line at once, so that proxies and readers see that the stream stands. */
  start(subscription: Subscription): void {
    this.#response.write(`: session ${subscription.session.id}\n\nretry: ${RETRY_MS}\n\n`);
    subscription.start();
  }

  events(bodies: readonly string[]): boolean {
    if (this.#response.writableEnded) return false;
    return this.#response.write(bodies.map(encodeEvent).join(''));
  }

  heartbeat(body: string): void {
    if (!this.#response.writableEnded) this.#response.write(`event: heartbeat\ndata: ${body}\n\n`);
  }

  comment(text: string): void {
    if (!this.#response.writableEnded && !this.#response.writableNeedDrain) this.#response.write(`: ${text}\n\n`);
  }

  end(): void {
    this.#response.end();
  }
}

/** The fields of an event that stand before its type, as the log writes them. */
const ENVELOPE =
  /^\{"sessionId":"[^"\\]*","seq":(\d+),"time":"[^"\\]*",(?:"turnId":"[^"\\]*",)?"type":"([a-z]+\.[a-z]+|notice)"/;

function encodeEvent(body: string): string {
  const { seq, type } = envelope(body);
  return `id: ${seq}\nevent: ${type}\ndata: ${body}\n\n`;
}

function envelope(body: string): { seq: number; type: string } {
  const match = ENVELOPE.exec(body);
  if (match?.[1] !== undefined && match[2] !== undefined) return { seq: Number(match[1]), type: match[2] };
  return JSON.parse(body) as { seq: number; type: string };
}

/** What hooks have set on the reply: the security headers. */
function headersOf(reply: FastifyReply): Record<string, string | number | string[]> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined)) as Record<
    string,
    string | number | string[]
  >;
}
