import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import { HearthError, MAX_BODY_BYTES } from '@hearth/protocol';
import { fastify, LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from 'fastify';
import type { AddressInfo } from 'node:net';
import type { Auth } from '../auth/auth.ts';
import type { ConnectionLimits } from '../connection/connection.ts';
import type { Accounts } from '../account/accounts.ts';
import { createOperations, loginLink } from '../connection/operations.ts';
import { parseJson } from '../connection/shape.ts';
import type { Sessions } from '../router/sessions.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { wantsPage } from './accept.ts';
import { guard } from './access.ts';
import { addDocuments } from './documents.ts';
import type { Readiness } from './documents.ts';
import { EventStreams } from './event-streams.ts';
import type { OwnNames } from './hosts.ts';
import { addLogin } from './login.ts';
import { addOperationRoutes } from './operation-routes.ts';
import { answerBadUrl, answerBrokenRequest, answerProblems, pathOf } from './problems.ts';
import { addSessionDocuments } from './session-documents.ts';
import { invalidJson } from './json-body.ts';
import { addWebSocket } from './socket-route.ts';
import { openWebUi } from './web-ui.ts';

/** Longest URL and headers together; longer ones are answered with 431. */
const MAX_HEADER_BYTES = 64 * 1024;
/** How long answers may take to be read when the server goes. */
const GOODBYE_MS = 3_000;
/** How long a request may take to arrive. */
const REQUEST_TIMEOUT_MS = 300_000;

export interface GatewayConfig extends OwnNames {
  port: number;
}

export interface GatewayOptions {
  sessions: Sessions;
  auth: Auth;
  accounts: Accounts;
  config: GatewayConfig;
  log: Log;
  metrics: Metrics;
  readiness: Readiness;
  /** Version of the server, as the OpenAPI document shows it. */
  version: string;
  /** Folder of the built web UI; absent or without an index.html: a page that says how to get it. */
  webRoot?: string;
  connectionLimits?: Partial<ConnectionLimits>;
  /** Interval of the comments that keep quiet event streams open. */
  keepAliveMs?: number;
}

/** The server's edge: everything that comes in over the network, and nothing else. */
export interface Gateway {
  /** For tests, which may inject requests. */
  readonly app: FastifyInstance;
  /** Starts to listen. @returns `http://HOST:PORT` as it was asked for, with the port that was really taken */
  listen(): Promise<string>;
  /** Where a browser finds the server. */
  baseUrl(): string;
  /** A link that logs a browser in, once. */
  loginUrl(): string;
  /** Lets every client go, then stops listening. */
  close(): Promise<void>;
}

export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { sessions, auth, accounts, config, log, metrics } = options;
  const app = createApp(log);
  const address = () => {
    const { port } = (app.server.address() as AddressInfo | null) ?? config;
    return `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
  };
  const baseUrl = () => config.publicUrl?.replace(/\/$/, '') ?? reachable(address());
  const operations = createOperations({ sessions, auth, accounts, baseUrl });
  const streams = new EventStreams({ ...options });

  await app.register(helmet, securityHeaders(config));
  await app.register(cookie);
  await app.register(rateLimit, { global: false });
  const sockets = await addWebSocket(app, { ...options, operations, limits: options.connectionLimits ?? {} });
  guard(app, { auth, own: config });
  observe(app, log, metrics);
  const ui = openWebUi(options.webRoot);
  answerProblems(app, log, (request, reply) => {
    const isPage = request.method === 'GET' && wantsPage(request.headers.accept) && ui.hasPage(pathOf(request));
    if (isPage) void reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(ui.index);
    return isPage;
  });
  sockets.addRoute();
  addOperationRoutes(app, operations);
  addSessionDocuments(app, sessions, streams);
  addLogin(app, auth, config);
  addDocuments(app, options);
  await ui.addTo(app);
  app.addHook('preClose', () => streams.close());

  return {
    app,
    listen: async () => {
      await app.listen({ host: config.host, port: config.port }).catch((cause: unknown) => {
        throw cannotListen(config, cause);
      });
      return address();
    },
    baseUrl,
    loginUrl: () => loginLink(auth, baseUrl()).url,
    close: async () => {
      const impatient = setTimeout(() => app.server.closeAllConnections(), GOODBYE_MS);
      await app.close();
      clearTimeout(impatient);
    },
  };
}

function createApp(log: FastifyBaseLogger): FastifyInstance {
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    routerOptions: { maxParamLength: MAX_HEADER_BYTES },
    // Shapes are checked by the protocol's schemas. The framework's own compilers are large, and would be loaded at the start.
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
    frameworkErrors: answerBadUrl,
    clientErrorHandler: answerBrokenRequest,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (_request: FastifyRequest, text: string) => {
      if (text.trim() === '') return undefined;
      try {
        return parseJson(text);
      } catch (error) {
        throw invalidJson(error);
      }
    },
  );
  return app;
}

function noCompiler(): never {
  throw new Error('No route has a schema of the framework.');
}

/** Pages may load and connect to nothing but this server, and run no script that stands in the page itself. */
function securityHeaders({ publicUrl }: GatewayConfig) {
  const https = publicUrl?.startsWith('https:') ?? false;
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        connectSrc: ["'self'"],
        fontSrc: ["'self'", 'data:'],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        objectSrc: ["'none'"],
        scriptSrc: ["'self'"],
        scriptSrcAttr: ["'none'"],
        styleSrc: ["'self'"],
        // Highlighted code carries its colours in style attributes.
        styleSrcAttr: ["'unsafe-inline'"],
      },
    },
    strictTransportSecurity: https ? {} : false,
    frameguard: { action: 'deny' },
  } as const;
}

function observe(app: FastifyInstance, log: Log, metrics: Metrics): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith('/v1/')) void reply.header('cache-control', 'no-store');
  });
  app.addHook('onResponse', async (request, reply) => {
    const durationMs = reply.elapsedTime;
    metrics.httpAnswered(request.routeOptions.url ?? 'unknown', reply.statusCode, durationMs);
    const { method } = request;
    log.debug(
      { method, path: pathOf(request), status: reply.statusCode, durationMs: Math.round(durationMs) },
      'answered',
    );
  });
}

function cannotListen({ host, port }: GatewayConfig, cause: unknown): HearthError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  const known: Readonly<Record<string, readonly [string, string]>> = {
    EADDRINUSE: ['the port is taken', 'Stop the other program, or choose another port: --port 0 takes a free one.'],
    EACCES: ['this user may not use the port', 'Choose a port above 1023: --port 4640.'],
    EADDRNOTAVAIL: ['the machine does not have this address', 'Choose --host 127.0.0.1, or 0.0.0.0 for all addresses.'],
    ENOTFOUND: ['there is no such host name', 'Choose --host 127.0.0.1, or 0.0.0.0 for all addresses.'],
  };
  const [why, hint] = known[code] ?? [code, 'Check --host and --port.'];
  return new HearthError('invalid_request', `Cannot listen on ${host}, port ${port}: ${why}.`, { hint, cause });
}

/** A server that listens on every address is reached on this machine by a loopback one. */
function reachable(address: string): string {
  return address.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}
