/** The part of the standard WebSocket that the client uses. Browsers, Node 22 and `ws` have it. */
export interface WebSocketLike {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  /** Cuts the socket without a closing handshake; `ws` has it. */
  terminate?(): void;
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void;
  addEventListener(type: 'error', listener: (event: object) => void): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** The runtime's own WebSocket, else that of the package `ws`, which is loaded only then. */
export function findWebSocket(): WebSocketConstructor | Promise<WebSocketConstructor> {
  if (typeof globalThis.WebSocket === 'function') return globalThis.WebSocket;
  return import('ws').then((module) => module.WebSocket);
}

/** The WebSocket's address: `http://host/base` gives `ws://host/base/v1/ws`. */
export function socketUrl(base: URL): string {
  const url = new URL('v1/ws', base);
  url.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
