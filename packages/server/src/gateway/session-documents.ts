import { eventsQuerySchema, transcriptQuerySchema } from '@hearth/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { known } from '../connection/operations.ts';
import { wrongShape } from '../connection/shape.ts';
import type { Sessions } from '../router/sessions.ts';
import { prefers } from './accept.ts';
import { caller } from './access.ts';
import type { EventStreams } from './event-streams.ts';
import { query } from './operation-routes.ts';
import { transcriptMarkdown } from './transcript.ts';

const DEFAULT_EVENTS_LIMIT = 1_000;

type SessionParams = { Params: { sessionId: string } };

/** What only HTTP has of a session: its log as a page or a stream, and its transcript. */
export function addSessionDocuments(app: FastifyInstance, sessions: Sessions, streams: EventStreams): void {
  app.get<SessionParams>('/v1/sessions/:sessionId/events', { exposeHeadRoute: false }, async (request, reply) => {
    const sessionId = known(request.params.sessionId);
    const { limit = DEFAULT_EVENTS_LIMIT } = query({ query: eventsQuerySchema }, request.query) as { limit?: number };
    const after = cursor(request);
    if (prefers(request.headers.accept, 'text/event-stream')) {
      await streams.open(request, reply, { identity: caller(request), sessionId, after });
      return reply;
    }
    if (after === -1) return { items: [], lastSeq: (await sessions.get(sessionId)).lastSeq };
    return await sessions.events(sessionId, after, limit);
  });

  app.get<SessionParams>('/v1/sessions/:sessionId/transcript', async (request, reply) => {
    const { format } = query({ query: transcriptQuerySchema }, request.query);
    const transcript = await sessions.transcript(known(request.params.sessionId));
    if (format !== 'md') return transcript;
    return await reply.type('text/markdown; charset=utf-8').send(transcriptMarkdown(transcript));
  });
}

/** `Last-Event-ID` wins over `after`: a browser that reconnects sends the URL that it began with. */
function cursor(request: FastifyRequest): number {
  const { after } = request.query as { after?: string };
  const asked = after === undefined ? 0 : seq('after', after);
  const seen = request.headers['last-event-id'];
  return seen === undefined || seen === '' ? asked : seq('Last-Event-ID', String(seen));
}

function seq(path: string, text: string): number {
  const value = /^(-1|\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw wrongShape([{ path, message: 'must be the seq of an event, 0 for the whole log, or -1 for live only' }]);
}
