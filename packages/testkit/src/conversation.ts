import { createHash } from 'node:crypto';
import {
  blocksOf,
  describeImage,
  type ContentBlock,
  type RequestMessage,
  type ToolResultBlock,
} from './messages-request.ts';

/**
 * A conversation as its user and the model see it: what the agent program adds (reminders, environment notes) is
 * gone, and messages sent in mid-turn are unwrapped from the note that carries them.
 */
export type ConversationItem =
  | { readonly type: 'prompt'; readonly text: string; readonly steered: boolean }
  | { readonly type: 'result'; readonly toolUseId: string; readonly text: string; readonly isError: boolean }
  | { readonly type: 'interruption' }
  | { readonly type: 'reply'; readonly text: string; readonly toolUseIds: readonly string[] };

const REMINDER = /<system-reminder>([\s\S]*?)<\/system-reminder>\s*/g;
const STEERED =
  /The user sent a new message while you were working:\n([\s\S]*?)(?:\n\nThis is how Claude Code surfaces messages|$)/g;
const INTERRUPTION = /^\s*\[(?:Request|Agent call|Tool call) (?:interrupted|did not complete)\b[^\]]*\]\s*$/;

/** Notes on images and local commands, which the agent program adds as text blocks of their own. */
const NOISE = /^\s*(?:\[Image: source: [^\]]*\]|<(?:local-command-|command-(?:name|message|args))[\s\S]*)\s*$/;
/** What stands for the conversation before a compaction; it counts as a reply, so the prompts after it stand alone. */
const COMPACTED = /^\s*This session is being continued from a previous conversation/;

/** Reads the messages of a request. */
export function readConversation(messages: readonly RequestMessage[]): ConversationItem[] {
  const items: ConversationItem[] = [];
  for (const message of messages) {
    switch (message.role) {
      case 'assistant':
        items.push(readReply(blocksOf(message.content)));
        break;
      case 'system':
        for (const block of blocksOf(message.content)) {
          if (block.type === 'text') items.push(...steeredPrompts(block.text));
        }
        break;
      case 'user':
        items.push(...readUserBlocks(blocksOf(message.content)));
        break;
    }
  }
  return items;
}

/** The texts of the user's prompts in order, without anything the agent program added. */
export function userTextsOf(items: readonly ConversationItem[]): string[] {
  return items.flatMap((item) => (item.type === 'prompt' ? [item.text] : []));
}

/**
 * For each item a hash of the conversation up to and including it: the same request sent again has the same last
 * hash, and the same prompt later in a conversation has another one.
 */
export function prefixHashes(scope: string, items: readonly ConversationItem[]): string[] {
  let hash = createHash('sha256').update(scope).digest('base64url');
  return items.map((item) => {
    hash = createHash('sha256').update(hash).update(JSON.stringify(item)).digest('base64url');
    return hash;
  });
}

function readReply(blocks: readonly ContentBlock[]): ConversationItem {
  const text = blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
  const toolUseIds = blocks.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
  return { type: 'reply', text, toolUseIds };
}

function readUserBlocks(blocks: readonly ContentBlock[]): ConversationItem[] {
  const items: ConversationItem[] = [];
  let imagesAhead = '';
  for (const block of blocks) {
    if (block.type === 'tool_result') items.push(...readResult(block));
    else if (block.type === 'text') {
      const read = readUserText(block.text).map((item) => withImages(item, imagesAhead, ''));
      if (read.some((item) => item.type === 'prompt')) imagesAhead = '';
      items.push(...read);
    } else if (block.type === 'image') {
      const last = items.at(-1);
      if (last?.type === 'prompt') items[items.length - 1] = withImages(last, '', describeImage(block));
      else imagesAhead += `${describeImage(block)} `;
    }
  }
  if (imagesAhead !== '') items.push({ type: 'prompt', text: imagesAhead.trim(), steered: false });
  return items;
}

function withImages(item: ConversationItem, before: string, after: string): ConversationItem {
  if (item.type !== 'prompt') return item;
  return { ...item, text: `${before}${item.text}${after === '' ? '' : ` ${after}`}` };
}

function readUserText(text: string): ConversationItem[] {
  if (INTERRUPTION.test(text)) return [{ type: 'interruption' }];
  if (COMPACTED.test(text)) return [{ type: 'reply', text, toolUseIds: [] }];
  const { rest, steered } = withoutReminders(text);
  const prompt = rest.trim();
  return prompt === '' || NOISE.test(prompt) ? steered : [{ type: 'prompt', text: prompt, steered: false }, ...steered];
}

function readResult(block: ToolResultBlock): ConversationItem[] {
  const whole = blocksOf(block.content ?? '')
    .flatMap((part) => (part.type === 'text' ? [part.text] : part.type === 'image' ? [describeImage(part)] : []))
    .join('\n');
  const { rest, steered } = withoutReminders(whole);
  const result: ConversationItem = INTERRUPTION.test(rest)
    ? { type: 'interruption' }
    : { type: 'result', toolUseId: block.tool_use_id, text: rest, isError: block.is_error === true };
  return [result, ...steered];
}

function withoutReminders(text: string): { rest: string; steered: ConversationItem[] } {
  const steered: ConversationItem[] = [];
  const rest = text.replace(REMINDER, (_whole, inside: string) => {
    steered.push(...steeredPrompts(inside.trimEnd()));
    return '';
  });
  return { rest: rest === text ? text : rest.trim(), steered };
}

function steeredPrompts(note: string): ConversationItem[] {
  return [...note.matchAll(STEERED)].map((match) => ({ type: 'prompt', text: (match[1] ?? '').trim(), steered: true }));
}
