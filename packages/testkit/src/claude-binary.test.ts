import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { query, type Options, type Query, type SDKMessage, type SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startMessagesApi, type MessagesApi } from './messages-api.ts';

type Content = SDKUserMessage['message']['content'];

/** One real claude process in streaming-input mode, as a host of warm sessions uses it. */
class ClaudeProcess {
  readonly #query: Query;
  readonly #inbox: SDKUserMessage[] = [];
  #wake = (): void => {};
  #closed = false;

  constructor(options: Options) {
    this.#query = query({ prompt: this.#input(), options });
  }

  push(content: Content, priority?: 'now' | 'next' | 'later'): void {
    this.#inbox.push({
      type: 'user',
      uuid: randomUUID(),
      session_id: '',
      parent_tool_use_id: null,
      message: { role: 'user', content },
      ...(priority === undefined ? {} : { priority }),
    });
    this.#wake();
  }

  /** Reads until the turn's result, which is the last message given. */
  async turn(content?: Content, onMessage: (message: SDKMessage) => void = () => {}): Promise<SDKMessage[]> {
    if (content !== undefined) this.push(content);
    const messages: SDKMessage[] = [];
    for (;;) {
      const next = await this.#query.next();
      if (next.done === true) throw new Error('claude ended before the result');
      messages.push(next.value);
      onMessage(next.value);
      if (next.value.type === 'result') return messages;
    }
  }

  interrupt(): Promise<unknown> {
    return this.#query.interrupt();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await this.#query.return();
  }

  async *#input(): AsyncGenerator<SDKUserMessage> {
    while (!this.#closed) {
      const message = this.#inbox.shift();
      if (message !== undefined) yield message;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

function answerText(messages: readonly SDKMessage[]): string {
  return messages
    .flatMap((message) => (message.type === 'assistant' ? message.message.content : []))
    .map((block) => (block.type === 'text' ? block.text : ''))
    .join('');
}

function blocks(messages: readonly SDKMessage[]) {
  return messages.flatMap((message) => (message.type === 'assistant' ? message.message.content : []));
}

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

describe.each(['claude-sonnet-4-5', 'claude-opus-4-8'])('the real claude binary with %s', (model) => {
  let home: string;
  let api: MessagesApi;
  let claude: ClaudeProcess;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'testkit-claude-'));
    api = await startMessagesApi();
    claude = start();
  });
  afterEach(async () => {
    await claude.close();
    await api.close();
    await rm(home, { recursive: true, force: true, maxRetries: 10 });
  });

  function start(env: Record<string, string> = {}): ClaudeProcess {
    return new ClaudeProcess({
      model,
      cwd: home,
      settingSources: [],
      allowedTools: ['Bash'],
      includePartialMessages: true,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: home,
        CLAUDE_CONFIG_DIR: join(home, '.claude'),
        ANTHROPIC_BASE_URL: api.url,
        ANTHROPIC_API_KEY: 'made-up',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_TELEMETRY: '1',
        CLAUDE_CODE_TMPDIR: home,
        ...env,
      },
    });
  }

  test('thinks, speaks and remembers, turn after turn', async () => {
    const first = await claude.turn('[[think let me see]] [[say hello there]]');
    expect(blocks(first)).toMatchObject([
      { type: 'thinking', thinking: 'let me see' },
      { type: 'text', text: 'hello there' },
    ]);
    expect(first.at(-1)).toMatchObject({ subtype: 'success', is_error: false });
    expect(answerText(await claude.turn('and now?'))).toBe('echo: and now?');
    expect(answerText(await claude.turn('[[tokens 2000 0]]'))).toMatch(/^w0 w1 .* w1999 $/);
    expect(api.requests.map((request) => request.outcome.type)).toEqual(['answered', 'answered', 'answered']);
    expect(api.requests.at(-1)?.userTexts).toEqual([
      '[[think let me see]] [[say hello there]]',
      'and now?',
      '[[tokens 2000 0]]',
    ]);
    expect(api.billed.cache_read_input_tokens).toBeGreaterThan(0);
  });

  test('runs two tools in parallel and tells their results', async () => {
    const messages = await claude.turn(
      'go [[say first]] [[tool Bash {"command":"echo one"}]] [[tool Bash {"command":"echo \\"[[two]]\\""}]] [[say end]]',
    );
    expect(blocks(messages).map((block) => block.type)).toEqual(['text', 'tool_use', 'tool_use', 'text']);
    expect(answerText(messages)).toBe('firsttool said: one\n[[two]] end');
    expect(api.requests).toHaveLength(2);
  });

  test('sees an image', async () => {
    const messages = await claude.turn([
      { type: 'text', text: 'look' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
    ]);
    expect(answerText(messages)).toBe('echo: look [image image/png 70 bytes]');
  });

  test('tries again after a 529 and after a cut, and is answered', async () => {
    const overloaded = await claude.turn('[[status 529 2]] [[say recovered]]');
    expect(answerText(overloaded)).toBe('recovered');
    expect(overloaded.filter((message) => message.type === 'system' && message.subtype === 'api_retry')).toHaveLength(
      2,
    );
    const cut = await claude.turn('[[cut 3]] [[tokens 6 0]]');
    expect(answerText(cut)).toContain('w0 w1 w2 w3 w4 w5 ');
    expect(api.requests.map((request) => request.outcome.type)).toEqual([
      'failed',
      'failed',
      'answered',
      'cut',
      'answered',
    ]);
  });

  test('answers only the new prompt after one that failed for good', async () => {
    await claude.turn('warm up');
    const failed = await claude.turn('[[status 400]]');
    expect(failed.at(-1)).toMatchObject({ is_error: true, api_error_status: 400 });
    expect(answerText(await claude.turn('next one'))).toBe('echo: next one');
  });

  test('hears a message that was sent while a tool ran', async () => {
    let steered = false;
    const messages = await claude.turn('[[tool Bash {"command":"sleep 1; echo slept"}]]', (message) => {
      if (steered || message.type !== 'assistant') return;
      steered = true;
      claude.push('are you there?', 'next');
    });
    expect(answerText(messages)).toBe('tool said: slept echo: are you there?');
    expect(api.requests.at(-1)?.lastUserText).toBe('are you there?');
  });

  test('is interrupted, and the next turn answers the next prompt alone', async () => {
    const running = claude.turn('[[say partial]] [[stall]]');
    await api.waitForRequest((request) => request.lastUserText.includes('stall'));
    await claude.interrupt();
    await running;
    const gone = await api.waitForRequest((request) => request.outcome.type === 'aborted');
    expect(gone.number).toBe(1);
    expect(answerText(await claude.turn('go on'))).toBe('echo: go on');
  });

  test('compacts, and goes on with what was said', async () => {
    await claude.turn('remember the blue door');
    await claude.turn('/compact');
    expect(answerText(await claude.turn('still there?'))).toBe('echo: still there?');
    expect(JSON.stringify(api.requests.at(-1)?.body.messages)).toContain('remember the blue door');
  });

  test('takes up a message sent now in place of the running tool', async () => {
    let sent = false;
    const onMessage = (message: SDKMessage): void => {
      if (sent || message.type !== 'assistant') return;
      sent = true;
      claude.push('[[say stopped for you]]', 'now');
    };
    const first = await claude.turn('[[tool Bash {"command":"tail -f /dev/null"}]] [[say never]]', onMessage);
    expect(answerText(first)).toBe('');
    expect(answerText(await claude.turn())).toBe('stopped for you');
  });
});
