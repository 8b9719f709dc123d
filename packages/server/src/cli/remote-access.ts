import { connect } from '@hearth/client';
import type { Hearth } from '@hearth/client';
import type { Access, ServerAddress } from './access.ts';

/** The sessions of a running server. Rejects when it refuses the token. */
export async function remoteAccess({ url, token, isHere }: ServerAddress): Promise<Access> {
  const hearth = connect({ url, token });
  try {
    await hearth.ready();
  } catch (error) {
    hearth.close();
    throw error;
  }
  return new RemoteAccess(isHere, hearth);
}

class RemoteAccess implements Access {
  readonly isHere: boolean;
  readonly #hearth: Hearth;

  constructor(isHere: boolean, hearth: Hearth) {
    this.isHere = isHere;
    this.#hearth = hearth;
  }

  async create(params: Parameters<Access['create']>[0]) {
    return (await this.#hearth.sessions.create(params)).created;
  }

  async list(query: Parameters<Access['list']>[0]) {
    return this.#hearth.sessions.list(query);
  }

  async get(sessionId: string) {
    return this.#hearth.sessions.get(sessionId);
  }

  async delete(sessionId: string) {
    await this.#hearth.session(sessionId).delete();
  }

  async fork(sessionId: string, params: Parameters<Access['fork']>[1]) {
    return this.#hearth.call('session.fork', { sessionId, ...params });
  }

  async rewind(sessionId: string, params: Parameters<Access['rewind']>[1]) {
    return this.#hearth.session(sessionId).rewind(params);
  }

  async send(sessionId: string, message: Parameters<Access['send']>[1]) {
    return this.#hearth.call('message.send', { sessionId, ...message });
  }

  async interrupt(sessionId: string) {
    return this.#hearth.session(sessionId).interrupt();
  }

  async answer(sessionId: string, approvalId: string, answer: Parameters<Access['answer']>[2]) {
    await this.#hearth.session(sessionId).answer(approvalId, answer);
  }

  async transcript(sessionId: string) {
    return this.#hearth.session(sessionId).transcript('json');
  }

  events(sessionId: string, options: { after: number; signal: AbortSignal }) {
    return this.#hearth.session(sessionId).events(options);
  }

  onConnection(listener: (state: 'lost' | 'back') => void): void {
    let lost = false;
    this.#hearth.onState(({ status }) => {
      const isLost = status === 'offline';
      // To be closed, by this program or for good, is not to be back.
      if (isLost === lost || (lost && status !== 'live')) return;
      lost = isLost;
      listener(isLost ? 'lost' : 'back');
    });
  }

  async close() {
    this.#hearth.close();
  }
}
