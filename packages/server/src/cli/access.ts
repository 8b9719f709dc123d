import type {
  ApprovalAnswer,
  Event,
  InterruptResult,
  Message,
  MessageSend,
  Session,
  SessionCreate,
  SessionFork,
  SessionListQuery,
  SessionRewind,
  SessionRewindResult,
  Transcript,
} from '@hearth/protocol';

/** A server and what it lets us in with. */
export interface ServerAddress {
  url: string;
  token: string;
  /** It runs on this machine, as far as can be told. */
  isHere: boolean;
}

/** The sessions that a command works with: those of a running server, or of one inside this process. */
export interface Access {
  /** Its sessions work on this machine, as far as is known. */
  readonly isHere: boolean;
  create(params: SessionCreate): Promise<Session>;
  list(query: SessionListQuery): Promise<{ items: Session[]; nextCursor?: string | undefined }>;
  get(sessionId: string): Promise<Session>;
  delete(sessionId: string): Promise<void>;
  fork(sessionId: string, params: SessionFork): Promise<Session>;
  rewind(sessionId: string, params: SessionRewind): Promise<SessionRewindResult>;
  send(sessionId: string, message: MessageSend): Promise<Message>;
  interrupt(sessionId: string): Promise<InterruptResult>;
  answer(sessionId: string, approvalId: string, answer: ApprovalAnswer): Promise<void>;
  transcript(sessionId: string): Promise<Transcript>;
  /** The events after the cursor, then live; ends when the session is deleted, or by the signal. */
  events(sessionId: string, options: { after: number; signal: AbortSignal }): AsyncIterable<Event>;
  /** Tells how the connection to the server stands, where there is one. */
  onConnection(listener: (state: 'lost' | 'back') => void): void;
  close(): Promise<void>;
}
