import type { IncomingMessage } from 'node:http';
import { HearthError } from '@hearth/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Auth, Identity } from '../auth/auth.ts';
import { BROWSER_TTL_MS } from '../auth/auth.ts';
import { isOwnHost, isOwnOrigin } from './hosts.ts';
import type { OwnNames } from './hosts.ts';

/**
 * Who may call a route. `probe`: anybody, under any host name. `public`: anybody. `token`: with a token or a cookie (the
 * default). `websocket`: as `token`, but a client without either may still show its token over the socket.
 */
export type Access = 'probe' | 'public' | 'token' | 'websocket';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    identity: Identity | null;
  }
}

export const COOKIE = 'hearth';
const COOKIE_REFRESH_MS = 24 * 3_600_000;
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface AccessOptions {
  auth: Auth;
  own: OwnNames;
}

/** Checks every request before its body is read: host name, origin, credentials. */
export function guard(app: FastifyInstance, options: AccessOptions): void {
  const refreshedAt = new Map<string, number>();
  // What answers an upgrade is not the framework's reply.
  const cookies = new WeakMap<IncomingMessage, string>();
  app.websocketServer.on('headers', (headers, request) => {
    const cookie = cookies.get(request);
    if (cookie !== undefined) headers.push(`Set-Cookie: ${cookie}`);
  });
  app.decorateRequest('identity', null);
  app.addHook('onRequest', async (request, reply) => {
    const access: Access = request.is404 ? 'public' : (request.routeOptions.config.access ?? 'token');
    if (access === 'probe' && !request.ws) return;
    if (!isOwnHost(request.headers.host, request.raw.socket.localAddress, options.own)) throw foreignHost(request);
    if (request.ws) {
      if (access !== 'websocket') throw new HearthError('not_found', 'There is no WebSocket here; it is at /v1/ws.');
      request.identity = await identifyUpgrade(request, options);
      const secret = secretToRenew(request, refreshedAt);
      if (secret !== undefined) {
        cookies.set(request.raw, app.serializeCookie(COOKIE, secret, cookieOptions(options.own)));
      }
    } else if (access === 'token') {
      request.identity = await identify(request, options);
      const secret = secretToRenew(request, refreshedAt);
      if (secret !== undefined) setCookie(reply, secret, options.own);
    }
  });
}

/** The caller of a route that needs one. */
export function caller(request: FastifyRequest): Identity {
  if (request.identity === null) throw unauthorized();
  return request.identity;
}

export function setCookie(reply: FastifyReply, secret: string, own: OwnNames): void {
  void reply.setCookie(COOKIE, secret, cookieOptions(own));
}

function cookieOptions(own: OwnNames) {
  const secure = own.publicUrl?.startsWith('https:') ?? false;
  const maxAge = BROWSER_TTL_MS / 1000;
  // Strict is enough: the page that a log-in link leads to needs no cookie, only the requests that it makes itself.
  return { path: '/', httpOnly: true, sameSite: 'strict', secure, maxAge } as const;
}

async function identify(request: FastifyRequest, options: AccessOptions): Promise<Identity> {
  if (request.headers.authorization !== undefined) return await identifyBearer(request, options.auth);
  const secret = request.cookies[COOKIE];
  if (secret === undefined) throw unauthorized();
  const { origin } = request.headers;
  if (origin === undefined ? !SAFE_METHODS.has(request.method) : !ownOrigin(request, options)) throw foreignOrigin();
  const site = request.headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') throw foreignOrigin();
  const identity = await options.auth.cookie(secret);
  if (identity === null) throw unauthorized('This browser is no longer logged in.');
  return identity;
}

async function identifyUpgrade(request: FastifyRequest, options: AccessOptions): Promise<Identity | null> {
  const { origin, authorization } = request.headers;
  if (origin !== undefined && !ownOrigin(request, options)) throw foreignOrigin();
  if (authorization !== undefined) return await identifyBearer(request, options.auth);
  const secret = request.cookies[COOKIE];
  if (secret === undefined) return null;
  if (origin === undefined) throw foreignOrigin();
  return await options.auth.cookie(secret);
}

async function identifyBearer(request: FastifyRequest, auth: Auth): Promise<Identity> {
  const token = /^Bearer +([\x21-\x7e]+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  const identity = token === undefined ? null : await auth.bearer(token);
  if (identity === null) throw unauthorized('The token is not valid.');
  return identity;
}

function ownOrigin(request: FastifyRequest, { own }: AccessOptions): boolean {
  return isOwnOrigin(request.headers.origin ?? '', request.headers.host, own);
}

/** A browser that is in use stays logged in: its cookie is given anew once a day. Undefined: not now. */
function secretToRenew({ identity, cookies }: FastifyRequest, refreshedAt: Map<string, number>): string | undefined {
  if (identity?.kind !== 'browser') return undefined;
  const now = Date.now();
  if (now - (refreshedAt.get(identity.tokenId) ?? 0) < COOKIE_REFRESH_MS) return undefined;
  refreshedAt.set(identity.tokenId, now);
  return cookies[COOKIE];
}

function unauthorized(message = 'This call needs a token.'): HearthError {
  return new HearthError('unauthorized', message, {
    hint: 'Send "Authorization: Bearer <token>"; a browser is logged in with the link that "hearth link" prints.',
  });
}

export function foreignOrigin(): HearthError {
  return new HearthError('forbidden', 'The request comes from a page that is not this server’s own.', {
    hint: 'Programs send "Authorization: Bearer <token>" instead of a cookie. Behind a proxy, set publicUrl.',
  });
}

function foreignHost(request: FastifyRequest): HearthError {
  const name = JSON.stringify((request.headers.host ?? '').slice(0, 100));
  return new HearthError('forbidden', `This server does not answer under the host name ${name}.`, {
    hint: 'Use the address that "hearth serve" printed, or add the name to allowedHosts (HEARTH_ALLOWED_HOSTS).',
  });
}
