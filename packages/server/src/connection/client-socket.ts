/**
 * One client's socket as a connection sees it. The adapter for a WebSocket library is small, and tests put a socket in
 * memory in its place.
 */
export interface ClientSocket {
  /** Hands over one text frame; `written` is called when it left this process, with an error when it never will. */
  send(text: string, written: (error?: Error | null) => void): void;
  /** What was handed over and has not left this process. */
  readonly bufferedBytes: number;
  ping(): void;
  close(code: number, reason: string): void;
  /** Ends it without waiting for the other side. */
  terminate(): void;
}
