/**
 * How the client stands with the server.
 *
 * - `connecting`: the first try, or one that `reconnect()` asked for.
 * - `live`: requests and events flow.
 * - `offline`: the connection was lost or could not be made; the client tries again by itself. `since` is in ms since
 *   the epoch, `attempt` counts from 1, `nextRetryMs` is the wait before that attempt (0: it is being made).
 * - `unauthorized`: the server refused the token or the cookie. `reconnect({ token })` goes on.
 * - `closed`: by `close()`, or, with `reconnect: false`, because the connection was lost.
 */
export type ConnectionState =
  | { status: 'connecting' }
  | { status: 'live' }
  | { status: 'offline'; since: number; attempt: number; nextRetryMs: number; reason: string }
  | { status: 'unauthorized'; reason: string }
  | { status: 'closed' };
