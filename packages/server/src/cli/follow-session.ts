import { randomUUID } from 'node:crypto';
import type { Approval, Event, Session } from '@hearth/protocol';
import type { Access } from './access.ts';
import { readLine } from './attach-input.ts';
import { describeApproval } from './describe.ts';
import { failureLines } from './failure.ts';
import { oneLine } from './plain.ts';
import { PromptLine } from './prompt-line.ts';
import { onStopSignal } from './stop-signals.ts';
import type { Terminal } from './terminal.ts';
import { TurnPrinter } from './turn-printer.ts';

export interface FollowOptions {
  access: Access;
  sessionId: string;
  json: boolean;
  /** The cursor to begin after; null: at the last turn. */
  after: number | null;
  terminal: Terminal;
}

/** Follows a session until it is deleted or somebody has seen enough. */
export async function follow(options: FollowOptions): Promise<void> {
  const { access, sessionId, json } = options;
  const leaving = new AbortController();
  const leave = (): void => leaving.abort();
  const stopListening = onStopSignal(leave);
  try {
    const session = await access.get(sessionId);
    const after = options.after ?? (await lastTurn(access, session, leaving.signal));
    if (json) {
      for await (const event of access.events(sessionId, { after, signal: leaving.signal })) {
        options.terminal.out(`${JSON.stringify(event)}\n`);
      }
    } else {
      await new Attached(options, session, leave).follow(after, leaving.signal);
    }
  } finally {
    stopListening();
  }
}

/** The place in the log before the last turn, or before the messages that wait for one. */
async function lastTurn(access: Access, { id, lastSeq }: Session, signal: AbortSignal): Promise<number> {
  let start = 0;
  for await (const { type, seq } of access.events(id, { after: 0, signal })) {
    if (type === 'turn.started') start = seq - 1;
    if (seq >= lastSeq) break;
  }
  return start;
}

/** A person, or a pipe, attached to a session. */
class Attached {
  readonly #access: Access;
  readonly #session: Session;
  readonly #screen: Terminal;
  readonly #promptLine: PromptLine | null;
  readonly #printer: TurnPrinter;
  readonly #own = new Set<string>();
  readonly #pending = new Map<string, Approval>();
  readonly #leave: () => void;
  #isOver = false;

  constructor({ access, terminal }: FollowOptions, session: Session, leave: () => void) {
    this.#access = access;
    this.#session = session;
    this.#leave = leave;
    this.#promptLine = terminal.interactive
      ? new PromptLine(terminal, { line: (line) => this.#typed(line), left: leave, stop: leave })
      : null;
    this.#screen = this.#promptLine ?? terminal;
    this.#printer = new TurnPrinter(this.#screen, { messages: 'all', own: this.#own });
  }

  async follow(after: number, signal: AbortSignal): Promise<void> {
    const { id, title, agent, cwd } = this.#session;
    this.#printer.line(`${title === null ? id : `${oneLine(title, 80)} (${id})`}, ${agent} in ${cwd}`);
    this.#access.onConnection((state) =>
      this.#printer.line(state === 'lost' ? 'the connection is lost; trying again…' : 'connected again', 'yellow'),
    );
    try {
      for await (const event of this.#access.events(id, { after, signal })) this.#take(event);
      if (!signal.aborted) this.#printer.line('the session is gone', 'yellow');
    } finally {
      this.#isOver = true;
      this.#printer.endLine();
      this.#promptLine?.close();
    }
  }

  #take(event: Event): void {
    this.#printer.print(event);
    if (event.type === 'approval.requested') {
      this.#pending.set(event.approvalId, event);
      this.#showApproval(event);
    }
    if (event.type === 'approval.resolved') this.#pending.delete(event.approvalId);
  }

  #showApproval(approval: Approval): void {
    const lines = [`? ${describeApproval(approval)}`];
    for (const { question, options } of approval.questions ?? []) {
      lines.push(`  ${oneLine(question, 1_000)}`);
      for (const [at, { label }] of options.entries()) lines.push(`    ${at + 1}. ${oneLine(label, 200)}`);
    }
    if (this.#promptLine !== null)
      lines.push(`  ${approval.kind === 'question' ? '/answer …' : '/allow, /allow session'} or /deny`);
    for (const line of lines) this.#printer.line(line, 'yellow');
  }

  #typed(line: string): void {
    this.#obey(line).catch((error: unknown) => {
      // What is open when the command leaves fails by that, which is no news.
      if (!this.#isOver) this.#printer.line(failureLines(error).join('\n'), 'red');
    });
  }

  async #obey(line: string): Promise<void> {
    const { id } = this.#session;
    const input = readLine(line, [...this.#pending.values()]);
    switch (input.type) {
      case 'nothing':
        return;
      case 'send': {
        const clientMessageId = randomUUID();
        this.#own.add(clientMessageId);
        await this.#access.send(id, { content: input.text, priority: input.priority, clientMessageId });
        return;
      }
      case 'answer':
        await this.#access.answer(id, input.approval.approvalId, input.answer);
        return;
      case 'interrupt':
        await this.#access.interrupt(id);
        return;
      case 'quit':
        this.#leave();
        return;
      case 'help':
        this.#printer.line(input.text, 'yellow');
    }
  }
}
