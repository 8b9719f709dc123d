import { existsSync, readFileSync } from 'node:fs';
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

export interface WebUi {
  /** The page that shows every path of the web UI. */
  readonly index: string;
  /** Whether the path, which no file has, is one of the web UI's own pages. */
  hasPage(path: string): boolean;
  addTo(app: FastifyInstance): Promise<void>;
}

/** The built web UI in a folder, or in its place one page that says how to get it. */
export function openWebUi(root: string | undefined): WebUi {
  if (root === undefined || !existsSync(join(root, 'index.html'))) return noUi;
  return {
    index: readFileSync(join(root, 'index.html'), 'utf8'),
    hasPage: (path) => !SERVER_PATHS.test(path) && !/\.\w+$/.test(path),
    addTo: async (app) => {
      await app.register(async (ui) => {
        ui.addHook('onRoute', (route) => {
          route.config = { ...route.config, access: 'public' };
        });
        await ui.register(fastifyStatic, {
          root,
          wildcard: false,
          cacheControl: false,
          setHeaders: (reply, path) => {
            const named = path.includes('/assets/');
            void reply.header('cache-control', named ? 'public, max-age=31536000, immutable' : 'no-cache');
          },
        });
      });
    },
  };
}

const noUi: WebUi = {
  index: NO_UI,
  hasPage: () => false,
  addTo: async (app) => {
    app.get('/', { config: { access: 'public' } }, (_, reply) => reply.type('text/html; charset=utf-8').send(NO_UI));
  },
};
