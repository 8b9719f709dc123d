import { HearthError } from '@hearth/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Auth } from '../auth/auth.ts';
import { caller, COOKIE, foreignOrigin, setCookie } from './access.ts';
import type { OwnNames } from './hosts.ts';
import { page } from './page.ts';

/** Log-in attempts that one address may make in {@link LOGIN_WINDOW_MS}. */
export const LOGIN_ATTEMPTS = 10;
export const LOGIN_WINDOW_MS = 60_000;

const EXPIRED_LINK = page('This link does not work any more', [
  'A log-in link works once, for ten minutes.',
  'Run `hearth link` on the machine where the server runs, and open the link that it prints.',
]);

/** Logs browsers in by a one-time link, and out. */
export function addLogin(app: FastifyInstance, auth: Auth, own: OwnNames): void {
  const rateLimit = {
    max: LOGIN_ATTEMPTS,
    timeWindow: LOGIN_WINDOW_MS,
    allowList: isEmbedded,
    errorResponseBuilder: () =>
      new HearthError('rate_limited', `More than ${LOGIN_ATTEMPTS} log-ins were tried within a minute.`, {
        hint: 'Wait a minute, then open the link again.',
      }),
  };
  app.get('/login', { exposeHeadRoute: false, config: { access: 'public', rateLimit } }, async (request, reply) => {
    if (isEmbedded(request)) throw foreignOrigin();
    const { code } = request.query as { code?: unknown };
    const secret = typeof code === 'string' ? await auth.redeemLoginCode(code) : null;
    void reply.header('cache-control', 'no-store');
    if (secret === null) return await reply.code(401).type('text/html; charset=utf-8').send(EXPIRED_LINK);
    setCookie(reply, secret, own);
    return await reply.redirect('/', 302);
  });

  app.post('/v1/logout', async (request, reply) => {
    await auth.logout(caller(request));
    return await reply.clearCookie(COOKIE, { path: '/' }).code(204).send();
  });
}

/** Whether a page asks, as for an image or a frame: nobody opens a link so, and any page could use up the owner's attempts. */
function isEmbedded({ headers }: FastifyRequest): boolean {
  const destination = headers['sec-fetch-dest'];
  return destination !== undefined && destination !== 'document';
}
