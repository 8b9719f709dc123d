import swagger from '@fastify/swagger';
import type { StaticDocumentSpec } from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { HearthError, openApiDocument } from '@hearth/protocol';
import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../telemetry/metrics.ts';

export interface DocumentsOptions {
  version: string;
  metrics: Metrics;
  readiness: Readiness;
}

/** Whether the server can take sessions now, and if not, why. */
export type Readiness = () => Promise<{ ready: true } | { ready: false; reason: string }>;

/** What the server says of itself: its API, whether it is alive and ready, its numbers. */
export async function addDocuments(app: FastifyInstance, options: DocumentsOptions): Promise<void> {
  const document = openApiDocument(options.version);
  const text = JSON.stringify(document);
  app.get('/v1/openapi.json', { config: { access: 'public' } }, (_, reply) =>
    reply.type('application/json').send(text),
  );

  await app.register(async (docs) => {
    docs.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' };
    });
    const specification = { document } as unknown as StaticDocumentSpec;
    await docs.register(swagger, { mode: 'static', specification });
    await docs.register(swaggerUi, { routePrefix: '/docs', theme: { title: 'Hearth API' } });
  });

  app.get('/healthz', { config: { access: 'probe' } }, () => ({ status: 'ok' }));
  app.get('/readyz', { config: { access: 'probe' } }, async () => {
    const readiness = await options.readiness();
    if (readiness.ready) return { status: 'ready' };
    throw new HearthError('overloaded', `Not ready: ${readiness.reason}`);
  });
  app.get('/metrics', async (_, reply) => {
    const { contentType, body } = await options.metrics.render();
    return await reply.type(contentType).send(body);
  });
}
