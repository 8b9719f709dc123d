/** Path and query of a request, as the URL standard reads them. */
export type Target = Readonly<Pick<URL, 'pathname' | 'search'>>;

/**
 * Null for what does not begin with exactly one slash, since such a target can name a host of its own, and for slashes that are
 * encoded, since a gateway may take them for real ones.
 */
export function readTarget(target: string): Target | null {
  if (!/^\/(?![/\\])/.test(target)) return null;
  const { pathname, search } = new URL(`http://localhost${target}`);
  return /%2f|%5c/i.test(pathname) ? null : { pathname, search };
}

/**
 * The place of a target at a model API. It goes there with the secret of an account, so only the base says where.
 * @throws Error when the base is no URL
 */
export function urlAt(base: string, { pathname, search }: Target): URL {
  const url = new URL(base);
  const { origin } = url;
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${pathname}`;
  url.search = search;
  if (url.origin !== origin) throw new Error(`${pathname} leads away from ${origin}`);
  return url;
}
