import type { Session, SessionCreate } from '@hearth/protocol';
import type { MessagesApi } from '@hearth/testkit';
import { startMessagesApi } from '@hearth/testkit';
import { Place, ServerProcess } from '../src/server-process.ts';

/** A server over the real binary and a scripted model, as the browser tests use it. */
export class SessionServer {
  readonly url: string;
  readonly place: Place;
  readonly api: MessagesApi;
  #process: ServerProcess;
  readonly #token: string;

  private constructor(process: ServerProcess, place: Place, api: MessagesApi) {
    this.#process = process;
    this.#token = process.target('claude').token;
    this.url = process.url;
    this.place = place;
    this.api = api;
  }

  static async start({ wordDelayMs = 15 }: { wordDelayMs?: number } = {}): Promise<SessionServer> {
    const place = new Place();
    const api = await startMessagesApi({ wordDelayMs });
    return new SessionServer(
      await ServerProcess.start(place, api, { agent: 'claude', flags: ['--shutdown-grace-ms', '0'] }),
      place,
      api,
    );
  }

  /** Kills the server in the midst of whatever it does, and starts it again at the same address. */
  async crash(): Promise<void> {
    await this.#process.stop('SIGKILL');
    this.#process = await ServerProcess.start(this.place, this.api, {
      agent: 'claude',
      flags: ['--shutdown-grace-ms', '0', '--port', new URL(this.url).port],
    });
  }

  async stop(): Promise<void> {
    await this.#process.stop();
    await this.api.close();
    this.place.remove();
  }

  /** A new link that logs a browser in. */
  async link(): Promise<string> {
    const { url } = await this.call<{ url: string }>('/v1/login-links', {});
    return url;
  }

  session(params: SessionCreate = {}): Promise<Session> {
    return this.call<Session>('/v1/sessions', params);
  }

  async send(sessionId: string, content: string): Promise<void> {
    await this.call(`/v1/sessions/${sessionId}/messages`, { content });
  }

  /** The texts of the completed blocks of the log, in order, without blanks around them. */
  async texts(sessionId: string): Promise<string[]> {
    const { items } = await this.call<{ items: { type: string; kind?: string; text?: string }[] }>(
      `/v1/sessions/${sessionId}/events`,
    );
    return items.flatMap(({ type, kind, text }) =>
      type === 'block.completed' && kind === 'text' && text !== undefined ? [text.trim()] : [],
    );
  }

  /** The answer's JSON; with a body it is a POST. */
  async call<Answer>(path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      headers: {
        authorization: `Bearer ${this.#token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }
}
