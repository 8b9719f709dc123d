import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { query } from '@anthropic-ai/claude-agent-sdk';
import type { Options, SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import { WebSocketServer } from 'ws';
import { serveRole } from '../role.ts';
import { anEvent } from './broadcast.ts';
import { plainStore } from './plain-store.ts';
import { Input, options } from './sdk-input.ts';

/**
 * The floor of a server that keeps the promise: one streaming query behind the `ws` library. A message is on disk before the agent
 * has it, what the agent says before anybody is sent it, all that comes in one turn of the event loop together, and the conversation
 * itself while it goes on; files can be rewound, a user be asked, and plans be kept. It knows one session, numbers for nobody, and
 * forgets whoever is not there.
 */
async function listen(cwd: string, file: string): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await new Promise((resolve) => {
    server.once('listening', resolve);
  });
  const store = plainStore(file);
  const input = new Input();
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      const text = data.toString('utf8');
      store([text]);
      input.push(text, randomUUID());
    });
  });
  let gathered: string[] = [];
  const flush = (): void => {
    const events = gathered;
    gathered = [];
    store(events);
    const frame = Buffer.from(events.length === 1 ? (events[0] ?? '') : `[${events.join(',')}]`);
    for (const client of server.clients) client.send(frame, { binary: false });
  };
  const say = (event: object): void => {
    if (gathered.push(JSON.stringify({ jsonrpc: '2.0', method: 'event', params: event })) === 1) setImmediate(flush);
  };
  const asHearth: Options = {
    ...options(cwd),
    env: {
      ...process.env,
      CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING: 'true',
      CLAUDE_CODE_ENABLE_TODO_TOOLS: '1',
      CLAUDE_CODE_ENABLE_TASKS: '0',
    },
    canUseTool: async (_name, toolInput) => ({ behavior: 'allow', updatedInput: toolInput }),
    sessionStore: {
      append: async (_key, entries) => store(entries.map((entry) => JSON.stringify(entry))),
      load: async () => null,
    },
    sessionStoreFlush: 'eager',
  };
  void tell(query({ prompt: input, options: asHearth }), say);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function tell(messages: AsyncIterable<SDKMessage>, say: (event: object) => void): Promise<void> {
  let seq = 0;
  for await (const message of messages) {
    if (message.type === 'result') say({ type: 'turn.completed' });
    if (message.type !== 'stream_event' || message.event.type !== 'content_block_delta') continue;
    if (message.event.delta.type !== 'text_delta') continue;
    seq += 1;
    say(anEvent(seq, message.event.delta.text));
  }
}

serveRole({ listen });
