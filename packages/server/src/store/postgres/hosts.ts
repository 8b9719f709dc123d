import type { ConnectionOptions as TlsOptions } from 'node:tls';

/** One server of an address. */
export interface PostgresHost {
  /** A name, an address, or the folder of a socket. */
  host: string;
  port: number;
  ssl: TlsOptions | false;
}

/** A primary and its standbys, and which of them is used now: all connections of one address go to the same. */
export class Hosts {
  readonly all: readonly PostgresHost[];
  #at = 0;

  /** @param all at least one */
  constructor(all: readonly PostgresHost[]) {
    this.all = all;
  }

  get current(): PostgresHost {
    const host = this.all[this.#at];
    if (host === undefined) throw new Error('an address without a host');
    return host;
  }

  get isOne(): boolean {
    return this.all.length === 1;
  }

  /** It could not be reached, or takes no writes: the next one is tried, unless somebody has gone on to it already. */
  leave(host: PostgresHost): void {
    if (this.current === host) this.#at = (this.#at + 1) % this.all.length;
  }
}
