import { expect, test } from 'vitest';
import { FakeSessions } from './testing/fake-sessions.ts';
import { transcriptMarkdown } from './transcript.ts';

const OWNER = { id: 'owner', label: 'owner' };

test('a conversation reads as one: who said what, which tools ran, how it ended', async () => {
  const sessions = new FakeSessions();
  const { id } = await sessions.create(OWNER, { title: 'Tea\n# no heading', model: 'opus', cwd: '/work' });
  const queued = { type: 'message.queued', priority: 'next', author: 'owner', place: 0 } as const;
  const image = { type: 'image', mediaType: 'image/png', data: 'AAAA' } as const;
  sessions.append(id, { ...queued, messageId: 'm1', content: 'Frist question' });
  sessions.append(id, {
    type: 'message.updated',
    messageId: 'm1',
    content: [{ type: 'text', text: 'First?' }, image],
    priority: 'next',
    place: 0,
  });
  sessions.append(id, { ...queued, messageId: 'm2', content: 'Second?' });
  sessions.append(id, { ...queued, messageId: 'm3', content: 'Never sent' });
  sessions.append(id, { type: 'turn.started', messageIds: ['m1'] });
  sessions.append(id, { type: 'message.delivered', messageId: 'm1', as: 'turn' });
  sessions.append(id, { type: 'block.completed', blockId: 'b1', kind: 'thinking', text: 'Hm.\nYes.' });
  sessions.append(id, {
    type: 'block.completed',
    blockId: 'b2',
    kind: 'text',
    text: 'Lost',
    partial: true,
    reason: 'retry',
  });
  sessions.append(id, { type: 'block.completed', blockId: 'b3', kind: 'text', text: 'Looking.' });
  sessions.append(id, { type: 'tool.called', toolCallId: 't1', name: 'Bash', input: { command: 'ls' } });
  sessions.append(id, { type: 'message.delivered', messageId: 'm2', as: 'steer' });
  sessions.append(id, { type: 'approval.resolved', approvalId: 'a1', decision: 'deny', message: 'not that' });
  sessions.append(id, { type: 'tool.completed', toolCallId: 't1', output: 'a\n```\nb', isError: true });
  const error = { code: 'overloaded', message: 'Too busy', retryable: true } as const;
  sessions.append(id, { type: 'turn.failed', error });
  sessions.append(id, { type: 'turn.interrupted', by: 'user' });
  const markdown = transcriptMarkdown(await sessions.transcript(id));
  const created = sessions.rooms.get(id)!.session.createdAt;
  expect(markdown).toBe(`# Tea # no heading

- Session: \`${id}\`
- Agent: scripted (opus)
- Directory: \`/work\`
- Created: ${created}

## owner

First?

*[image, image/png]*

## scripted

> *Thinking.* Hm.
> Yes.

Looking.

**Tool: Bash**

\`\`\`json
{
  "command": "ls"
}
\`\`\`

## owner

Second?

## scripted

*Approval: deny (not that)*

**Error**

\`\`\`\`
a
\`\`\`
b
\`\`\`\`

*Failed: Too busy (overloaded)*

*Interrupted by user.*
`);
});

test('[SES14] an output with very many runs of backticks stays inside its fence', async () => {
  const sessions = new FakeSessions();
  const { id } = await sessions.create(OWNER, {});
  const output = `${'` '.repeat(200_000)}\`\`\`\``;
  sessions.append(id, { type: 'tool.completed', toolCallId: 't1', output, isError: false });
  const markdown = transcriptMarkdown(await sessions.transcript(id));
  expect(markdown.endsWith(`\n\`\`\`\`\`\n${output}\n\`\`\`\`\`\n`)).toBe(true);
});
