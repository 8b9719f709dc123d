import type {
  Account,
  AccountsChanged,
  Event,
  Heartbeat,
  OperationName,
  Params,
  Result,
  SessionsChanged,
} from '@hearth/protocol';
import { HearthError } from '@hearth/protocol/errors';
import { AccountWatch } from './account-watch.ts';
import type { Connection } from './connection.ts';
import { ListWatch } from './list-watch.ts';
import type { ListChange } from './list-watch.ts';
import { Listeners } from './listeners.ts';
import type { OnError } from './listeners.ts';
import type { OnLoss } from './requests.ts';
import { isRemoval, isRepeatable } from './repeatable.ts';
import { SessionChannel } from './session-channel.ts';
import type { Follower, Following } from './session-channel.ts';
import type { ClientError } from './errors.ts';

export interface CallOptions {
  /** Gives the answer up; what the server does is not undone. */
  signal?: AbortSignal;
}

/** Calls and channels over the connection. */
export class Transport {
  readonly #connection: Connection;
  readonly #channels = new Map<string, SessionChannel>();

  readonly #listWatch: ListWatch;
  readonly #accountWatch: AccountWatch;

  constructor(connection: Connection, onError: OnError) {
    this.#connection = connection;
    this.#listWatch = new ListWatch(connection, new Listeners(onError));
    this.#accountWatch = new AccountWatch(connection, new Listeners(onError));
  }

  call<Name extends OperationName>(
    name: Name,
    params: Params<Name> & object,
    options: CallOptions = {},
  ): Promise<Result<Name>> {
    const onLoss = isRepeatable(name, params) ? 'repeat' : 'fail';
    const repeated = (error: ClientError): Promise<unknown> => this.#done(name, params, error);
    return this.#request(name, params, onLoss, options, repeated) as Promise<Result<Name>>;
  }

  async ping(options: CallOptions = {}): Promise<void> {
    const refused = async (error: ClientError): Promise<never> => {
      throw error;
    };
    await this.#request('ping', {}, 'repeat', options, refused);
  }

  follow(sessionId: string, follower: Follower): Following {
    const { stoppedBy } = this.#connection;
    if (stoppedBy !== undefined) {
      follower.ended(stoppedBy);
      return { more: () => undefined, stop: () => undefined };
    }
    let channel = this.#channels.get(sessionId);
    if (channel === undefined) {
      const made = new SessionChannel(sessionId, this.#connection, () => {
        if (this.#channels.get(sessionId) === made) this.#channels.delete(sessionId);
      });
      channel = made;
      this.#channels.set(sessionId, channel);
    }
    return channel.add(follower);
  }

  live(): void {
    for (const channel of this.#channels.values()) channel.settle();
    this.#listWatch.live();
    this.#accountWatch.live();
  }

  /** The socket is gone; with an error for good. After `close()` feeds end as if their reader had had enough. */
  down(error?: ClientError): void {
    const channels = [...this.#channels.values()];
    for (const channel of channels) channel.lost();
    if (error === undefined) return;
    this.#channels.clear();
    for (const channel of channels) channel.end(error);
  }

  event(event: Event): void {
    this.#channels.get(event.sessionId)?.take(event);
  }

  heartbeat(heartbeat: Heartbeat): void {
    this.#channels.get(heartbeat.sessionId)?.heartbeat(heartbeat);
  }

  list(changed: SessionsChanged): void {
    this.#listWatch.take(changed);
  }

  watchList(listener: (change: ListChange) => void): () => void {
    return this.#listWatch.add(listener);
  }

  accounts(changed: AccountsChanged): void {
    this.#accountWatch.take(changed);
  }

  watchAccounts(listener: (accounts: Account[]) => void): () => void {
    return this.#accountWatch.add(listener);
  }

  /** The answer to a request whose repetition was refused because it had been done; rejects with any other refusal. */
  async #done(name: OperationName, params: object, error: ClientError): Promise<unknown> {
    if (!(error instanceof HearthError)) throw error;
    if (isRemoval(name) && error.code === 'not_found') return null;
    if (name === 'message.cancel' && error.code === 'message_delivered') {
      const message = await this.call('message.get', params as Params<'message.get'>);
      if (message.state === 'cancelled') return message;
    }
    throw error;
  }

  /** @param repeated what comes of a request that was sent more than once and refused at last */
  #request(
    method: string,
    params: object,
    onLoss: OnLoss,
    { signal }: CallOptions,
    repeated: (error: ClientError) => Promise<unknown>,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      let giveUp = (): void => undefined;
      const abort = (): void => {
        giveUp();
        reject(signal?.reason as Error);
      };
      const over = (): void => signal?.removeEventListener('abort', abort);
      signal?.addEventListener('abort', abort, { once: true });
      giveUp = this.#connection.request({
        method,
        params,
        onLoss,
        answered: (result) => {
          over();
          resolve(result);
        },
        failed: (error, sends) => {
          over();
          if (sends > 1) resolve(repeated(error));
          else reject(error);
        },
      });
    });
  }
}
