import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlainAnswer, StreamedAnswer } from './answer-sink.ts';
import { apiFailure, errorBody, type ApiFailure } from './api-error.ts';
import { readConversation, userTextsOf, type ConversationItem } from './conversation.ts';
import type { Clock } from './fake-clock.ts';
import { InvalidRequest } from './invalid-request.ts';
import type { MessagesRequest } from './messages-request.ts';
import { modelInfo, modelList } from './models.ts';
import { pause } from './pause.ts';
import { perform, splitRound } from './performance.ts';
import { playAnswer } from './play-answer.ts';
import { countInputTokens, type PromptCache } from './prompt-cache.ts';
import { BillBook, type Bill } from './bill.ts';
import { reply, type ApiUsage, type Reply } from './reply.ts';
import type { RecordedRequest, RequestLog, RequestOutcome } from './request-log.ts';
import type { RequestScript } from './request-script.ts';
import type { ModelTurn, ScriptedModel } from './scripted-model.ts';
import { answerSideRequest } from './side-request.ts';
import { validateRequest } from './validate-request.ts';

const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** How long a client has to read what stands before a cut, where nobody says that it has. */
const READ_MS = 50;
const REFUSED: MessagesRequest = { model: '', max_tokens: 0, messages: [] };

export interface EndpointOptions {
  readonly log: RequestLog;
  readonly billLimit: number;
  readonly model: ScriptedModel;
  readonly makeCache: () => PromptCache;
  readonly clock: Clock;
  readonly script: RequestScript | undefined;
  readonly wordDelayMs: number;
  readonly retryAfterSeconds: number;
  readonly apiKeys: readonly string[] | undefined;
}

/** One HTTP exchange. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly apiKey: string | undefined;
  /** Aborted when the client goes away before the answer is whole. */
  readonly gone: AbortSignal;
}

/** The routes of the scripted API, without the socket. */
export class MessagesEndpoint {
  readonly #options: EndpointOptions;
  #script: RequestScript | undefined;
  #cache: PromptCache;
  readonly #bills: BillBook;
  #beforeCut: (() => Promise<unknown>) | undefined;
  #exchanges = 0;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#script = options.script;
    this.#cache = options.makeCache();
    this.#bills = new BillBook(options.billLimit);
  }

  get billed(): ApiUsage {
    return this.#bills.total;
  }

  get bills(): readonly Bill[] {
    return this.#bills.bills;
  }

  setScript(script: RequestScript | undefined): void {
    this.#script = script;
  }

  setBeforeCut(read: (() => Promise<unknown>) | undefined): void {
    this.#beforeCut = read;
  }

  reset(): void {
    this.#options.log.reset();
    this.#options.model.reset();
    this.#cache = this.#options.makeCache();
    this.#bills.reset();
    this.#script = undefined;
    this.#beforeCut = undefined;
  }

  /** Answers one request. Never rejects: what goes wrong inside is answered as a 500 that says what it was. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#exchanges += 1;
    const away = new AbortController();
    response.on('close', () => away.abort());
    response.on('error', () => away.abort());
    const exchange: Exchange = {
      request,
      response,
      requestId: `req_scripted${String(this.#exchanges).padStart(8, '0')}`,
      apiKey: apiKeyOf(request),
      gone: away.signal,
    };
    response.setHeader('request-id', exchange.requestId);
    try {
      await this.#route(exchange);
    } catch (error) {
      const failure = error instanceof InvalidRequest ? error.failure : apiFailure(500, { message: String(error) });
      sendFailure(exchange, failure);
    }
  }

  async #route(exchange: Exchange): Promise<void> {
    const { request } = exchange;
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    if (request.method === 'HEAD' || request.method === 'OPTIONS' || path === '/api/hello') {
      request.resume();
      exchange.response.writeHead(200).end();
      return;
    }
    const route = `${request.method} ${path}`;
    if (route === 'POST /v1/messages') return this.#createMessage(exchange, await readBody(request));
    if (route === 'POST /v1/messages/count_tokens') {
      const text = await readBody(request);
      this.#authenticate(exchange);
      const body = validateRequest(parseBody(text), { maxTokens: false });
      return sendJson(exchange, { input_tokens: countInputTokens(body) });
    }
    request.resume();
    this.#authenticate(exchange);
    if (route === 'GET /v1/models') return sendJson(exchange, modelList());
    const model = /^GET \/v1\/models\/(claude-[\w.-]+)$/.exec(route)?.[1];
    if (model !== undefined) return sendJson(exchange, modelInfo(model));
    throw new InvalidRequest(`Not found: ${path}`, 404);
  }

  #authenticate({ apiKey, request }: Exchange): void {
    if (apiKey === undefined) throw new InvalidRequest('x-api-key header is required', 401);
    const { apiKeys } = this.#options;
    if (apiKeys !== undefined && !apiKeys.includes(apiKey)) {
      const bearer = request.headers['x-api-key'] === undefined;
      throw new InvalidRequest(bearer ? 'Invalid bearer token' : 'invalid x-api-key', 401);
    }
    if (request.headers['anthropic-version'] === undefined) {
      throw new InvalidRequest('anthropic-version: header is required');
    }
  }

  async #createMessage(exchange: Exchange, text: string): Promise<void> {
    let valid: MessagesRequest | undefined;
    let refusal: InvalidRequest | undefined;
    let parsed: unknown;
    try {
      this.#authenticate(exchange);
      parsed = parseBody(text);
      valid = validateRequest(parsed, { maxTokens: true });
    } catch (error) {
      if (!(error instanceof InvalidRequest)) throw error;
      refusal = error;
    }
    const items = valid === undefined ? [] : readConversation(valid.messages);
    const sessionId = sessionIdOf(exchange.request, valid);
    const side = valid && answerSideRequest(valid, userTextsOf(items));
    const turn = valid && this.#options.model.turn(sessionId, items, variantOf(exchange.request, valid));
    const isSide = side !== undefined;
    const body = valid ?? REFUSED;
    const { recorded, settle } = this.#record(exchange, { body, rawBody: parsed, items, sessionId, turn, isSide });
    if (refusal !== undefined || turn === undefined) {
      const failure = refusal?.failure ?? apiFailure(400);
      settle(failedOutcome(failure));
      sendFailure(exchange, failure);
      return;
    }
    try {
      const coded = await this.#script?.(recorded);
      const answer: Reply = coded ?? (side === undefined ? { steps: turn.script } : reply().text(side));
      settle(await this.#answer(exchange, recorded, turn, answer));
    } catch (error) {
      const failure = apiFailure(500, { message: `the script failed: ${String(error)}` });
      settle(failedOutcome(failure));
      sendFailure(exchange, failure);
    }
  }

  #record(
    exchange: Exchange,
    read: {
      body: MessagesRequest;
      rawBody: unknown;
      items: readonly ConversationItem[];
      sessionId: string;
      turn: ModelTurn | undefined;
      isSide: boolean;
    },
  ): ReturnType<RequestLog['add']> {
    const userTexts = userTextsOf(read.items);
    return this.#options.log.add({
      time: this.#options.clock.now(),
      headers: exchange.request.headers,
      apiKey: exchange.apiKey,
      sessionId: read.sessionId,
      body: read.body,
      rawBody: read.rawBody,
      userTexts,
      lastUserText: userTexts.at(-1) ?? '',
      attempt: read.turn?.attempt ?? 0,
      isSideRequest: read.isSide,
    });
  }

  async #answer(
    exchange: Exchange,
    recorded: RecordedRequest,
    turn: ModelTurn,
    answer: Reply,
  ): Promise<RequestOutcome> {
    const { response, gone, requestId, apiKey } = exchange;
    const { clock, wordDelayMs, retryAfterSeconds } = this.#options;
    const { body } = recorded;
    const plan = perform(splitRound(answer.steps).now, turn.attempt, { wordDelayMs });
    if (plan.hangMs !== 0) await pause(clock, plan.hangMs, gone);
    if (gone.aborted) return { type: 'aborted', deltas: 0 };
    if (plan.fault.type === 'status') {
      const failure = apiFailure(plan.fault.code, { retryAfterSeconds, ...answer.failure });
      sendFailure(exchange, failure);
      return failedOutcome(failure);
    }
    const { output_tokens: outputTokens, ...inputBilled } = answer.usage ?? {};
    const input = { ...this.#cache.use(`${apiKey} ${body.model}`, body), ...inputBilled };
    const id = idOf('msg_01', `${turn.key} ${requestId}`);
    const streams = body.stream === true;
    response.writeHead(200, {
      'content-type': streams ? 'text/event-stream; charset=utf-8' : 'application/json',
      'cache-control': 'no-cache',
    });
    const head = { id, model: body.model, input };
    const sink = streams ? new StreamedAnswer(response, head) : new PlainAnswer(response, head);
    const played = await playAnswer(plan.pieces, {
      sink,
      response,
      clock,
      signal: gone,
      cutAfter: plan.fault.type === 'cut' ? plan.fault.afterDeltas : undefined,
      toolUseId: (index) => idOf('toolu_01', `${id} ${index}`),
    });
    const bill = (output: number): ApiUsage => {
      const usage: ApiUsage = { ...input, output_tokens: output };
      this.#bills.add({ number: recorded.number, apiKey, model: body.model, outcome: played.type, usage });
      return usage;
    };
    if (played.type !== 'whole') bill(Math.max(1, played.deltas));
    if (played.type === 'aborted') return played;
    if (played.type === 'cut') {
      await this.#sendThenBreak(response);
      return played;
    }
    const natural = played.calledTools ? 'tool_use' : 'end_turn';
    const stopReason = answer.stopReason === undefined || answer.stopReason === '' ? natural : answer.stopReason;
    const usage = bill(outputTokens ?? Math.max(1, played.deltas));
    sink.end(stopReason, usage);
    return { type: 'answered', stopReason, usage, deltas: played.deltas };
  }

  /** Lets what was written reach the client, then breaks the connection without ending the answer. */
  async #sendThenBreak(response: ServerResponse): Promise<void> {
    await new Promise<void>((resolve) => {
      response.flushHeaders();
      const { socket } = response;
      if (socket === null || socket.destroyed) resolve();
      else socket.write('', () => resolve());
    });
    // The system has it; a client that finds text and end together may throw both away.
    await (this.#beforeCut?.() ?? sleep(READ_MS));
    response.destroy();
  }
}

function failedOutcome(failure: ApiFailure): RequestOutcome {
  return { type: 'failed', status: failure.status, errorType: failure.type, message: failure.message };
}

function sendFailure({ response, requestId }: Exchange, failure: ApiFailure): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(failure.status, { 'content-type': 'application/json', ...failure.headers });
  response.end(errorBody(failure, requestId));
}

function sendJson({ response }: Exchange, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function apiKeyOf(request: IncomingMessage): string | undefined {
  const key = request.headers['x-api-key'];
  if (typeof key === 'string' && key !== '') return key;
  return /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

function sessionIdOf(request: IncomingMessage, body: MessagesRequest | undefined): string {
  const header = request.headers['x-claude-code-session-id'];
  if (typeof header === 'string') return header;
  return body?.metadata?.user_id ?? '';
}

/** Betas and tools; fewer of them mean that the client tries whether a feature was at fault. */
function variantOf(request: IncomingMessage, body: MessagesRequest): string {
  const tools = (body.tools ?? []).map((tool) => tool.name);
  return JSON.stringify([request.headers['anthropic-beta'], tools]);
}

function idOf(prefix: string, seed: string): string {
  return prefix + createHash('sha256').update(seed).digest('hex').slice(0, 22);
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidRequest(`The request body is not valid JSON: ${error instanceof Error ? error.message : ''}`);
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw new InvalidRequest('Request exceeds the maximum size', 413);
  return Buffer.concat(chunks).toString('utf8');
}
