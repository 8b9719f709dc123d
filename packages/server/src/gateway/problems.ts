import { HearthError, toProblem } from '@hearth/protocol';
import type { Problem } from '@hearth/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import type { Log } from '../telemetry/log.ts';

export const PROBLEM_TYPE = 'application/problem+json';

/**
 * Makes every failure a problem document with a code from the closed list. `answerPage` may answer a path that no route
 * has.
 */
export function answerProblems(
  app: FastifyInstance,
  log: Log,
  answerPage: (request: FastifyRequest, reply: FastifyReply) => boolean,
): void {
  const routes: { method: string; pattern: RegExp }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/:\w+/g, '[^/]+')}$`);
    for (const each of [method].flat()) routes.push({ method: each, pattern });
  });
  app.setErrorHandler((thrown, request, reply) => {
    const { error, status } = fromThrown(thrown);
    if (error.code === 'internal') {
      log.error({ err: thrown, method: request.method, path: pathOf(request) }, 'a request failed');
    }
    // To close while the client still sends would reset the connection, and the client might never read the answer.
    if (error.code === 'payload_too_large') {
      void reply.removeHeader('connection');
      request.raw.resume();
    }
    return sendProblem(reply, error, status);
  });
  const answerUnknown = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (answerPage(request, reply)) return reply;
    const path = pathOf(request);
    const allowed = new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method));
    if (allowed.size === 0) {
      const error = new HearthError('not_found', `There is nothing at ${path.slice(0, 200)}.`, {
        hint: 'GET /v1/openapi.json lists every call.',
      });
      return sendProblem(reply, error);
    }
    const methods = [...allowed].join(', ');
    const error = new HearthError('invalid_request', `${request.method} does not work here, only ${methods}.`);
    return sendProblem(reply.header('allow', methods), error, 405);
  };
  app.setNotFoundHandler(answerUnknown);
  // At once, so that nobody can have a body read for a path that does not exist.
  app.addHook('onRequest', async (request, reply) => (request.is404 ? answerUnknown(request, reply) : undefined));
}

export function sendProblem(reply: FastifyReply, error: HearthError, status?: number): FastifyReply {
  const problem = withStatus(toProblem(error), status);
  if (error.code === 'unauthorized') void reply.header('www-authenticate', 'Bearer realm="hearth"');
  return reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}

/** A URL that cannot be decoded names nothing. */
export function answerBadUrl(_error: Error, _request: FastifyRequest, reply: FastifyReply): void {
  void sendProblem(reply, new HearthError('not_found', 'The URL cannot be decoded, so there is nothing there.'));
}

/** Answers what is not even HTTP, on the bare socket. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }[error.code ?? ''] ?? 400;
  const message = status === 431 ? 'The URL and headers are too long.' : 'The request is not valid HTTP.';
  const body = JSON.stringify(withStatus(toProblem(new HearthError('invalid_request', message)), status));
  socket.end(
    `HTTP/1.1 ${status} Error\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `connection: close\r\n\r\n${body}`,
  );
}

/** The path of a request without its query, which may hold what a log must not. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '/';
}

/** @returns the error and, where it is not its code's own, the status */
function fromThrown(thrown: unknown): { error: HearthError; status?: number } {
  if (thrown instanceof HearthError) return { error: thrown };
  const status = statusOf(thrown);
  if (status === 413) {
    const hint = 'The largest body is 16 MiB; images can be sent in several messages.';
    return { error: new HearthError('payload_too_large', 'The body is too large.', { hint }) };
  }
  if (status === 415) {
    const hint = 'Send JSON with the header "content-type: application/json".';
    return { error: new HearthError('invalid_request', 'The body has a type other than JSON.', { hint }), status };
  }
  if (status >= 400 && status < 500) {
    const message = thrown instanceof Error ? thrown.message : 'The request is not valid.';
    return { error: new HearthError('invalid_request', message), status };
  }
  return { error: HearthError.from(thrown) };
}

function statusOf(thrown: unknown): number {
  if (typeof thrown !== 'object' || thrown === null || !('statusCode' in thrown)) return 500;
  return typeof thrown.statusCode === 'number' ? thrown.statusCode : 500;
}

function withStatus(problem: Problem, status: number | undefined): Problem {
  return status === undefined ? problem : { ...problem, status };
}
