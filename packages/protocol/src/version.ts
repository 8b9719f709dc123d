/** Version of the wire contract that this package describes. It changes only when a name or a shape does. */
export const PROTOCOL_VERSION = 1;

/** WebSocket subprotocol that names the version on the wire. */
export const SUBPROTOCOL = 'hearth.v1';

/** Largest WebSocket frame that the server takes; a larger one closes the socket with 1009. */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024;

/** Largest HTTP body that the server takes; a larger one is answered with 413 `payload_too_large`. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** How often a `heartbeat` is sent while a session is not idle. */
export const HEARTBEAT_INTERVAL_MS = 5_000;

/** How long a WebSocket may stay without a token before it is closed with 4401. */
export const AUTH_TIMEOUT_MS = 10_000;

/** WebSocket close codes that Hearth uses beside the standard ones. */
export const CLOSE_CODES = {
  /** The server is going away; reconnect to it or to another node. */
  goingAway: 1001,
  /** A frame was larger than {@link MAX_FRAME_BYTES}. */
  tooLarge: 1009,
  /** No valid token came within {@link AUTH_TIMEOUT_MS}, or the token was revoked. */
  unauthorized: 4401,
  /** The client did not answer pings for 30 s. */
  silent: 4408,
} as const;
