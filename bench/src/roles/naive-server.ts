import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { query } from '@anthropic-ai/claude-agent-sdk';
import { serveRole } from '../role.ts';

/**
 * What is written first when a product needs an agent behind HTTP: each message is a query of its own, that resumes the
 * conversation, and what it says is streamed as lines of JSON.
 */
const conversations = new Map<string, string>();

async function listen(cwd: string): Promise<string> {
  const server = createServer((request, response) => {
    answer(cwd, request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function answer(cwd: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { conversation, prompt } = (await json(request)) as { conversation: string; prompt: string };
  const resume = conversations.get(conversation);
  const options = { cwd, includePartialMessages: true, ...(resume === undefined ? {} : { resume }) };
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  for await (const message of query({ prompt, options })) {
    if (message.type === 'stream_event') response.write(`${JSON.stringify(message.event)}\n`);
    if (message.type === 'result') conversations.set(conversation, message.session_id);
  }
  response.end();
}

serveRole({ listen });
