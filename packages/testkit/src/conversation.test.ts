import { describe, expect, test } from 'vitest';
import { prefixHashes, readConversation, userTextsOf } from './conversation.ts';
import type { ContentBlock, RequestMessage } from './messages-request.ts';

const note = (text: string) =>
  `The user sent a new message while you were working:\n${text}\n\nThis is how Claude Code surfaces messages the user sends mid-turn — within the running turn. Address the message above as you continue this turn.`;
const reminder = (text: string) => `<system-reminder>\n${text}\n</system-reminder>`;
const user = (...content: ContentBlock[]): RequestMessage => ({ role: 'user', content });
const text = (text: string): ContentBlock => ({ type: 'text', text });
const png: ContentBlock = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } };

describe('reading a conversation', () => {
  test('reminders are no part of it', () => {
    const items = readConversation([
      user(text(reminder('Environment: [[say no]]')), text('first')),
      { role: 'system', content: '# Environment\n\n<total_tokens>5</total_tokens>' },
      { role: 'assistant', content: 'hello' },
      user(text(`${reminder('tokens left')}\n`), text(`second ${reminder('date')}`)),
    ]);
    expect(items).toEqual([
      { type: 'prompt', text: 'first', steered: false },
      { type: 'reply', text: 'hello', toolUseIds: [] },
      { type: 'prompt', text: 'second', steered: false },
    ]);
  });

  test('a message sent in mid-turn is found at the end of a tool result', () => {
    const content = `hi\n\n${reminder(note('stop\n\nplease'))}\n\n${reminder('tokens left')}`;
    expect(readConversation([user({ type: 'tool_result', tool_use_id: 't1', content })])).toEqual([
      { type: 'result', toolUseId: 't1', text: 'hi', isError: false },
      { type: 'prompt', text: 'stop\n\nplease', steered: true },
    ]);
  });

  test('a message sent in mid-turn is found in a text block, with its image', () => {
    const items = readConversation([
      user({ type: 'tool_result', tool_use_id: 't1', content: 'x', is_error: true }, text(reminder(note('look'))), png),
    ]);
    expect(items).toEqual([
      { type: 'result', toolUseId: 't1', text: 'x', isError: true },
      { type: 'prompt', text: 'look [image image/png 3 bytes]', steered: true },
    ]);
  });

  test('messages sent in mid-turn are found in a system message', () => {
    const items = readConversation([
      user({ type: 'tool_result', tool_use_id: 't1', content: 'x' }),
      { role: 'system', content: `${note('one')}\n\n${note('two')}\n\n<total_tokens>5</total_tokens>` },
    ]);
    expect(userTextsOf(items)).toEqual(['one', 'two']);
  });

  test('an interruption is marked, as text and as a tool result', () => {
    const items = readConversation([
      user(text('[Request interrupted by user]'), text('next')),
      user({
        type: 'tool_result',
        tool_use_id: 't1',
        content: '[Tool call did not complete: the turn was ended to deliver the message that follows.]',
      }),
    ]);
    expect(items.map((item) => item.type)).toEqual(['interruption', 'prompt', 'interruption']);
  });

  test('notes of the agent program on images, commands and compactions are no prompts', () => {
    const items = readConversation([
      user(
        text('This session is being continued from a previous conversation that ran out of context. [[say no]]'),
        text('look\n'),
        png,
        text('[Image: source: /tmp/1.png]'),
        text('<command-name>/cost</command-name>'),
        text('<local-command-stdout>0 $</local-command-stdout>'),
      ),
    ]);
    expect(userTextsOf(items)).toEqual(['look [image image/png 3 bytes]']);
    expect(items[0]?.type).toBe('reply');
  });

  test('an image belongs to the text before it, else to the text after it, else it is the prompt', () => {
    expect(userTextsOf(readConversation([user(text('see'), png)]))).toEqual(['see [image image/png 3 bytes]']);
    expect(userTextsOf(readConversation([user(png, text('see'))]))).toEqual(['[image image/png 3 bytes] see']);
    expect(userTextsOf(readConversation([user(png)]))).toEqual(['[image image/png 3 bytes]']);
  });

  test('the hash of a prefix is the same for a retry and another for the same prompt later', () => {
    const first = readConversation([user(text('p'))]);
    const later = readConversation([user(text('p')), { role: 'assistant', content: 'a' }, user(text('p'))]);
    expect(prefixHashes('s', first)).toEqual(prefixHashes('s', first));
    expect(prefixHashes('s', later)[0]).toBe(prefixHashes('s', first)[0]);
    expect(prefixHashes('s', later)[2]).not.toBe(prefixHashes('s', first)[0]);
    expect(prefixHashes('other', first)).not.toEqual(prefixHashes('s', first));
  });
});
