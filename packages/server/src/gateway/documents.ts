import { HearthError, openApiDocument } from '@hearth/protocol';
import type { FastifyInstance } from 'fastify';
import type { Metrics } from '../telemetry/metrics.ts';
import { addApiPage } from './api-page.ts';

export interface DocumentsOptions {
  version: string;
  metrics: Metrics;
  readiness: Readiness;
}

/** Whether the server can take sessions now, and if not, why. */
export type Readiness = () => Promise<{ ready: true } | { ready: false; reason: string }>;

/** What the server says of itself: its API, whether it is alive and ready, its numbers. */
export function addDocuments(app: FastifyInstance, options: DocumentsOptions): void {
  let text: string | null = null;
  const openApi = (): string => (text ??= JSON.stringify(openApiDocument(options.version)));
  app.get('/v1/openapi.json', { config: { access: 'public' } }, (_, reply) =>
    reply.type('application/json').send(openApi()),
  );
  addApiPage(app, openApi);

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
