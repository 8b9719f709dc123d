import { randomUUID } from 'node:crypto';
import type { Approval, Event } from '@hearth/protocol';
import { MessageScope } from '../embedded/message-scope.ts';
import type { Access } from './access.ts';
import { ApprovalLine } from './approval-line.ts';
import type { ApprovalPolicy } from './approval-choice.ts';
import type { PromptOutcome } from './approval-prompt.ts';
import { describeApproval } from './describe.ts';
import { failureLines } from './failure.ts';
import { OutputGate } from './output-gate.ts';
import type { Terminal } from './terminal.ts';
import { TurnPrinter } from './turn-printer.ts';

export const EXIT_COMPLETED = 0;
export const EXIT_FAILED = 1;
export const EXIT_INTERRUPTED = 130;

/** How long a server may be away before the command gives it up. */
const PATIENCE_MS = 60_000;

export interface RunTurnOptions {
  access: Access;
  sessionId: string;
  prompt: string;
  /** The log's end before the prompt; events after it are shown. */
  after: number;
  /** Approvals that wait already. */
  pending: readonly Approval[];
  /** Events as JSON lines instead of a rendering. */
  json: boolean;
  policy: ApprovalPolicy;
  terminal: Terminal;
  ask(approval: Approval, signal: AbortSignal): Promise<PromptOutcome>;
  /** Calls the listener when the user wants to stop; returns what takes it away. */
  onInterrupt: (listener: () => void) => () => void;
  /** How long a server may be away before it is given up. Default 60 s. */
  patienceMs?: number;
}

/**
 * Sends one prompt and shows its turn to the end. The first wish to stop interrupts the turn, the second gives up
 * waiting for it.
 * @returns the exit code: 0 completed, 1 failed, 130 interrupted
 */
export async function runTurn(options: RunTurnOptions): Promise<number> {
  const { access, sessionId, prompt, after, terminal, onInterrupt } = options;
  const gate = new OutputGate(terminal);
  const clientMessageId = randomUUID();
  const own = new Set([clientMessageId]);
  const printer = options.json ? null : new TurnPrinter(gate, { messages: 'all', own });
  const say = (text: string): void => {
    if (printer === null) gate.err(`${text}\n`);
    else printer.line(text, 'yellow');
  };
  let isOver = false;
  const failed = (error: unknown): void => {
    // What is open when the command leaves fails by that, which is no news.
    if (!isOver) say(failureLines(error).join('\n'));
  };
  const leaving = new AbortController();
  let stops = 0;
  const stop = (): void => {
    stops += 1;
    if (stops > 1) {
      leaving.abort();
      return;
    }
    say('interrupting… (Ctrl-C again to leave at once)');
    access.interrupt(sessionId).catch(failed);
  };
  const approvals = new ApprovalLine({
    policy: options.policy,
    answer: (approvalId, answer) => access.answer(sessionId, approvalId, answer),
    ask: (approval, signal) => gate.hold(() => options.ask(approval, signal)),
    interrupt: stop,
    decided: (approval, policy) => {
      if (policy === 'deny') say(`denied, for nobody can be asked here (--yes allows): ${describeApproval(approval)}`);
    },
    failed,
  });
  let isGone = false;
  let patience: NodeJS.Timeout | undefined;
  access.onConnection((state) => {
    clearTimeout(patience);
    say(state === 'lost' ? 'the connection to the server is lost; trying again…' : 'connected again');
    if (state === 'back') return;
    patience = setTimeout(() => {
      isGone = true;
      leaving.abort();
    }, options.patienceMs ?? PATIENCE_MS);
  });
  const left = (): number => {
    if (isGone) say('the server did not come back; what was stored is kept, and a queued prompt runs when it is back');
    else if (stops > 0) return EXIT_INTERRUPTED;
    else say('the session was deleted before the turn ended');
    return EXIT_FAILED;
  };
  const stopListening = onInterrupt(stop);
  try {
    const message = await Promise.race([
      access.send(sessionId, { content: prompt, clientMessageId }),
      aborted(leaving.signal),
    ]);
    if (message === null) return left();
    const outcome = new TurnOutcome(message.id);
    for await (const event of access.events(sessionId, { after, signal: leaving.signal })) {
      const mine = outcome.take(event);
      if (options.json) gate.out(`${JSON.stringify(event)}\n`);
      else printer?.print(event, mine);
      if (event.type === 'approval.requested' && mine) approvals.add(event);
      if (event.type === 'approval.resolved') approvals.resolved(event.approvalId);
      if (event.type === 'message.delivered' && event.messageId === message.id && event.as === 'steer') {
        for (const approval of options.pending) approvals.add(approval);
      }
      if (outcome.exitCode !== null) break;
    }
    printer?.endLine();
    if (outcome.exitCode !== null) return outcome.exitCode;
    return left();
  } finally {
    isOver = true;
    clearTimeout(patience);
    stopListening();
    approvals.close();
  }
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

/** What became of one message. */
class TurnOutcome {
  readonly #messageId: string;
  readonly #scope: MessageScope;
  #turnCode: number | null = null;
  exitCode: number | null = null;

  constructor(messageId: string) {
    this.#messageId = messageId;
    this.#scope = new MessageScope(messageId);
  }

  /** @returns whether the event belongs to the message's turn, or to no turn at all */
  take(event: Event): boolean {
    const part = this.#scope.sees(event);
    if (part === 'end') this.#turnCode = exitCodeOf(event);
    const isOwnEnd =
      (event.type === 'message.completed' || event.type === 'message.cancelled' || event.type === 'message.failed') &&
      event.messageId === this.#messageId;
    // A turn's end is followed by its messages' ends, which `--json` shows as well.
    if (isOwnEnd) this.exitCode = this.#turnCode ?? exitCodeOf(event);
    return part !== 'other' || event.turnId === undefined;
  }
}

function exitCodeOf(event: Event): number {
  switch (event.type) {
    case 'turn.completed':
    case 'message.completed':
      return EXIT_COMPLETED;
    case 'turn.interrupted':
    case 'message.cancelled':
      return EXIT_INTERRUPTED;
    default:
      return EXIT_FAILED;
  }
}
