import type { Message } from '@hearth/protocol';

/** One message as a user meant it, however often it was sent. */
export interface SentMessage {
  sessionId: string;
  clientMessageId?: string;
  content: string;
  priority: string;
  /** Ids that the server answered with 202. */
  acknowledged: Set<string>;
  /** How often it was sent without an answer: it may be there or not. */
  unanswered: number;
}

/** What the server promised to whom, to be held against the log. */
export class Ledger {
  readonly sent: SentMessage[] = [];
  /** Decisions that were accepted, by approval. */
  readonly answers = new Map<string, string[]>();
  /** Messages whose cancellation was accepted, and those whose change was: the content that they must have. */
  readonly cancelled = new Set<string>();

  async send(message: SentMessage, send: () => Promise<Message>): Promise<void> {
    if (!this.sent.includes(message)) this.sent.push(message);
    try {
      const { id } = await send();
      message.acknowledged.add(id);
    } catch (error) {
      message.unanswered += 1;
      throw error;
    }
  }

  answered(approvalId: string, decision: string): void {
    this.answers.set(approvalId, [...(this.answers.get(approvalId) ?? []), decision]);
  }

  /** Messages that are known to the clients by their id. */
  known(): { sessionId: string; messageId: string; sent: SentMessage }[] {
    return this.sent.flatMap((sent) =>
      [...sent.acknowledged].map((messageId) => ({ sessionId: sent.sessionId, messageId, sent })),
    );
  }
}
