import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { page } from './page.ts';

const NO_UI = page('Hearth is running', [
  'The web UI has not been built. Run `npm run build` in the repository and start the server again.',
  'The API works: its description is at /docs.',
]);

/** Paths that belong to the server; every other page is the web UI's own matter. */
const SERVER_PATHS = /^\/(v1|docs|healthz|readyz|metrics|login)(\/|$)/;

/** Serves the built web UI, or a page that says how to get it. @returns answers a path that no file has */
export async function addWebUi(app: FastifyInstance, root: string | undefined): Promise<WebUi> {
  if (root === undefined || !existsSync(join(root, 'index.html'))) {
    app.get('/', { config: { access: 'public' } }, (_, reply) => reply.type('text/html; charset=utf-8').send(NO_UI));
    return { handles: () => false };
  }
  await app.register(async (ui) => {
    ui.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' };
    });
    await ui.register(fastifyStatic, {
      root,
      wildcard: false,
      setHeaders: (response, path) => {
        const named = path.includes('/assets/');
        response.header('cache-control', named ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  });
  return { handles: (path) => !SERVER_PATHS.test(path) && !/\.\w+$/.test(path) };
}

export interface WebUi {
  /** Whether the path is one of the web UI's own pages, which its `index.html` shows. */
  handles(path: string): boolean;
}
