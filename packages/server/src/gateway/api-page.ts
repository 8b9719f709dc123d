import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { HearthError } from '@hearth/protocol';
import type { FastifyInstance } from 'fastify';

const PREFIX = '/docs';

/** What the page loads, with its type. The viewer's own plugin would load a thousand files at each start; its page needs three. */
const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Hearth API</title>
    <link rel="icon" href="${PREFIX}/favicon-32x32.png">
    <link rel="stylesheet" href="${PREFIX}/swagger-ui.css">
  </head>
  <body>
    <div id="api"></div>
    <script src="${PREFIX}/swagger-ui-bundle.js"></script>
    <script src="${PREFIX}/begin.js"></script>
  </body>
</html>
`;

/** Begins the viewer; a file of its own, because no script may stand in a page. */
const BEGIN = `SwaggerUIBundle({ url: '/v1/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null });
`;

/** The page that shows the OpenAPI document. Nothing of it is read before somebody asks for it. */
export function addApiPage(app: FastifyInstance, openApi: () => string): void {
  const config = { access: 'public' } as const;
  for (const path of [PREFIX, `${PREFIX}/`]) {
    app.get(path, { config }, (_, reply) => reply.type('text/html; charset=utf-8').send(PAGE));
  }
  app.get(`${PREFIX}/begin.js`, { config }, (_, reply) => reply.type('text/javascript; charset=utf-8').send(BEGIN));
  app.get(`${PREFIX}/json`, { config }, (_, reply) => reply.type('application/json').send(openApi()));
  app.get(`${PREFIX}/:file`, { config }, async (request, reply) => {
    const { file } = request.params as { file: string };
    const type = Object.hasOwn(FILES, file) ? FILES[file] : undefined;
    if (type === undefined) throw new HearthError('not_found', `There is no ${PREFIX}/${file}.`);
    return await reply.type(type).send(await readFile(join(viewer(), file)));
  });
}

function viewer(): string {
  return join(dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui')), 'static');
}
