import type { BlockKind, Event, EventOf } from '@hearth/protocol';
import { describeTool, outputExcerpt, summaryLine } from './describe.ts';
import { oneLine, plain } from './plain.ts';
import type { Paint, Terminal } from './terminal.ts';

/** Where a text goes: the answer to standard output, all else to standard error. */
type Stream = 'out' | 'err';

interface Block {
  kind: BlockKind;
  /** Code units that were seen. */
  seen: number;
  /** Of a subagent: its text is the tool's affair. */
  nested: boolean;
  stream: Stream;
}

export interface TurnPrinterOptions {
  /** Also shows what users send; messages with these `clientMessageId`s excepted. */
  messages: 'all' | 'none';
  own?: ReadonlySet<string>;
}

/**
 * Shows a session's events on a terminal as they come: the answer as text, thinking dimmed, each tool call and each
 * result on a line of its own. Deltas that overlap, and blocks that were stored whole, come out once.
 */
export class TurnPrinter {
  readonly #terminal: Terminal;
  readonly #options: TurnPrinterOptions;
  readonly #blocks = new Map<string, Block>();
  readonly #tools = new Map<string, string>();
  readonly #atLineStart: Record<Stream, boolean> = { out: true, err: true };
  #lastCalled: string | undefined;

  constructor(terminal: Terminal, options: TurnPrinterOptions = { messages: 'none' }) {
    this.#terminal = terminal;
    this.#options = options;
  }

  /** @param isAnswer whether its text is what was asked for; that of other turns goes beside it */
  print(event: Event, isAnswer = true): void {
    const stream = isAnswer ? 'out' : 'err';
    switch (event.type) {
      case 'message.queued':
        this.#message(event);
        return;
      case 'block.started':
        this.#blocks.set(event.blockId, {
          kind: event.kind,
          seen: 0,
          nested: event.parentToolCallId !== undefined,
          stream,
        });
        this.endLine();
        return;
      case 'block.delta':
        this.#delta(event, stream);
        return;
      case 'block.completed':
        this.#completed(event, stream);
        return;
      case 'tool.called':
        this.#toolCalled(event);
        return;
      case 'tool.completed':
        this.#toolCompleted(event);
        return;
      default: {
        const line = summaryLine(event);
        if (line !== null) this.line(line.text, line.paint);
      }
    }
  }

  /** A line beside the answer. */
  line(text: string, paint: Paint = 'dim'): void {
    this.endLine();
    this.#write('err', `${this.#terminal.paint(paint, plain(text))}\n`);
  }

  /** Begins a new line wherever one is half written. */
  endLine(): void {
    for (const stream of ['out', 'err'] as const) if (!this.#atLineStart[stream]) this.#write(stream, '\n');
  }

  #message(event: EventOf<'message.queued'>): void {
    if (this.#options.messages === 'none') return;
    if (event.clientMessageId !== undefined && this.#options.own?.has(event.clientMessageId) === true) return;
    const text = typeof event.content === 'string' ? event.content : event.content.map(partText).join(' ');
    this.line(`${event.author}> ${oneLine(text, 500)}`, 'cyan');
  }

  #delta(event: EventOf<'block.delta'>, stream: Stream): void {
    // A block whose start lies before the cursor: what it is, its end will tell.
    const block = this.#blocks.get(event.blockId) ?? { kind: 'text', seen: event.offset, nested: false, stream };
    this.#blocks.set(event.blockId, block);
    this.#show(block, event.text.slice(Math.max(0, block.seen - event.offset)));
    block.seen = Math.max(block.seen, event.offset + event.text.length);
  }

  #completed(event: EventOf<'block.completed'>, stream: Stream): void {
    const nested = event.parentToolCallId !== undefined;
    const block = this.#blocks.get(event.blockId) ?? { kind: event.kind, seen: 0, nested, stream };
    this.#blocks.delete(event.blockId);
    if (event.reason === 'retry') {
      if (block.seen > 0) this.line('… the connection broke; the answer starts again', 'yellow');
      return;
    }
    if (block.seen === 0) this.endLine();
    this.#show(block, event.text.slice(block.seen));
    this.endLine();
  }

  #show(block: Block, text: string): void {
    if (block.nested || text === '') return;
    if (block.kind === 'text') this.#write(block.stream, plain(text));
    else this.#write('err', this.#terminal.paint('dim', plain(text)), plain(text));
  }

  #toolCalled(event: EventOf<'tool.called'>): void {
    const { terminal, nesting } = { terminal: this.#terminal, nesting: nested(event.parentToolCallId) };
    this.#tools.set(event.toolCallId, event.name);
    this.#lastCalled = event.toolCallId;
    this.endLine();
    const { name, title } = describeTool(event);
    const room = terminal.columns - name.length - nesting.length - 4;
    this.#write('err', `${nesting}${terminal.paint('cyan', `● ${name}`)} ${oneLine(title, Math.max(20, room))}\n`);
  }

  #toolCompleted(event: EventOf<'tool.completed'>): void {
    const name = this.#tools.get(event.toolCallId);
    this.#tools.delete(event.toolCallId);
    const whose = this.#lastCalled === event.toolCallId || name === undefined ? '' : `${name}: `;
    this.endLine();
    const excerpt = `${whose}${outputExcerpt(event.output, Math.max(20, this.#terminal.columns - whose.length - 6))}`;
    this.#write('err', `  ${this.#terminal.paint(event.isError ? 'red' : 'dim', `⎿ ${excerpt}`)}\n`);
  }

  /** @param visible the text without its colours */
  #write(stream: Stream, text: string, visible = text): void {
    if (visible === '') return;
    const other: Stream = stream === 'out' ? 'err' : 'out';
    if (this.#terminal.together && !this.#atLineStart[other]) {
      this.#terminal[other]('\n');
      this.#atLineStart[other] = true;
    }
    this.#terminal[stream](text);
    this.#atLineStart[stream] = visible.endsWith('\n');
  }
}

function nested(parentToolCallId: string | undefined): string {
  return parentToolCallId === undefined ? '' : '  ';
}

function partText(part: { type: 'text'; text: string } | { type: 'image'; mediaType: string }): string {
  return part.type === 'text' ? part.text : `[${part.mediaType}]`;
}
