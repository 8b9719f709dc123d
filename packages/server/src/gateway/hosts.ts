import { isIP } from 'node:net';

export interface OwnNames {
  /** The address that the server was told to listen on. */
  host: string;
  /** Further names, each `name` (any port) or `name:port`. */
  allowedHosts: readonly string[];
  /** Where browsers find the server when it is behind a proxy. */
  publicUrl?: string | undefined;
}

/**
 * Whether a `Host` header names this server. A page whose own name was made to point here (DNS rebinding) carries that
 * name in `Host`, so only loopback names, the address that the connection came in on, and configured names pass. The port of a
 * loopback name may be any: tunnels change it, and no foreign page can be served under such a name.
 */
export function isOwnHost(host: string | undefined, localAddress: string | undefined, own: OwnNames): boolean {
  const url = parseHost(host);
  if (url === null) return false;
  const name = bare(url.hostname);
  if (name === 'localhost' || name === '::1' || /^127(\.\d+){3}$/.test(name)) return true;
  if (isIP(name) !== 0 && name === bare(localAddress ?? '').replace(/^::ffff:/i, '')) return true;
  if (name === own.host.toLowerCase() && isIP(name) === 0) return true;
  if (own.publicUrl !== undefined && url.host === new URL(own.publicUrl).host) return true;
  return own.allowedHosts.some((allowed) => {
    const wanted = allowed.toLowerCase();
    return wanted === name || wanted === url.host || wanted === url.hostname;
  });
}

/** Whether an `Origin` header is this server's own, seen from the (already checked) `Host` of the same request. */
export function isOwnOrigin(origin: string, host: string | undefined, own: OwnNames): boolean {
  if (!/^https?:\/\/[^/?#@]+$/i.test(origin)) return false;
  const url = parse(origin);
  if (url === null) return false;
  if (own.publicUrl !== undefined) {
    const publicUrl = new URL(own.publicUrl);
    if (url.origin === publicUrl.origin) return true;
    if (url.host === publicUrl.host) return false;
  }
  return host !== undefined && url.host === parse(`${url.protocol}//${host}`)?.host;
}

function parseHost(host: string | undefined): URL | null {
  if (host === undefined || !/^[\w.\-:[\]]+$/.test(host)) return null;
  return parse(`http://${host}`);
}

function parse(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

function bare(name: string): string {
  return name.replace(/^\[|\]$/g, '').toLowerCase();
}
