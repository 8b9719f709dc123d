import { EventStream } from '../embedded/event-stream.ts';
import type { Hearth } from '../main.ts';
import type { Principal, Sessions } from '../router/sessions.ts';
import type { Access } from './access.ts';

const OWNER: Principal = { id: 'owner', label: 'owner' };

/** Sessions in this process, without a network. Closing it ends their agents. */
export class EmbeddedAccess implements Access {
  readonly isHere = true;
  readonly #hearth: Hearth;
  readonly #sessions: Sessions;

  constructor(hearth: Hearth) {
    this.#hearth = hearth;
    this.#sessions = hearth.sessions;
  }

  async create(params: Parameters<Access['create']>[0]) {
    return this.#sessions.create(OWNER, params);
  }

  async list(query: Parameters<Access['list']>[0]) {
    return this.#sessions.list(query);
  }

  async get(sessionId: string) {
    return this.#sessions.get(sessionId);
  }

  async delete(sessionId: string) {
    await this.#sessions.delete(sessionId);
  }

  async fork(sessionId: string, params: Parameters<Access['fork']>[1]) {
    return this.#sessions.fork(OWNER, sessionId, params);
  }

  async rewind(sessionId: string, params: Parameters<Access['rewind']>[1]) {
    return this.#sessions.rewind(sessionId, params);
  }

  async send(sessionId: string, message: Parameters<Access['send']>[1]) {
    return this.#sessions.send(OWNER, sessionId, message);
  }

  async interrupt(sessionId: string) {
    return this.#sessions.interrupt(sessionId, false);
  }

  async answer(sessionId: string, approvalId: string, answer: Parameters<Access['answer']>[2]) {
    await this.#sessions.answer(OWNER, sessionId, approvalId, answer);
  }

  async transcript(sessionId: string) {
    return this.#sessions.transcript(sessionId);
  }

  events(sessionId: string, options: { after: number; signal: AbortSignal }) {
    return new EventStream(this.#sessions, sessionId, options);
  }

  onConnection(): void {
    // There is nothing between the command and its sessions that could be lost.
  }

  async close() {
    await this.#hearth.close(0);
  }
}
