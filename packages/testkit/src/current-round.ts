import type { ConversationItem } from './conversation.ts';
import { parseDirectives, scriptFor, type Script } from './directives.ts';
import { splitRound, toolSaid } from './performance.ts';

/**
 * What the scripted model does next in a conversation: the round of the turn that the last user prompt started.
 * Prompts of earlier turns, and their directives, play no part.
 *
 * @param endedBefore says whether an earlier request ended at this item. It tells a failed prompt, to which the agent
 * program joins the next one, from a prompt of several blocks.
 */
export function currentRound(items: readonly ConversationItem[], endedBefore: (index: number) => boolean): Script {
  const segments = segmentsOf(items);
  const first = segments.findLastIndex(startsTurn);
  const [start, ...following] = segments.slice(Math.max(first, 0));
  if (start === undefined) return scriptFor('');
  let steps = first === -1 ? [] : scriptOf(promptsThatStart(start, endedBefore));
  if (first === -1) following.unshift(start);
  for (const segment of following) {
    steps = [toolSaid(resultsOf(segment)), ...splitRound(steps).rest, ...scriptOf(promptsOf(segment.items))];
  }
  return splitRound(steps).now;
}

/** What the user's side said between two replies. `from` is the index of its first item in the conversation. */
interface Segment {
  readonly from: number;
  readonly items: readonly ConversationItem[];
  readonly toolUseIds: readonly string[];
}

function segmentsOf(items: readonly ConversationItem[]): Segment[] {
  const segments: Segment[] = [];
  let from = 0;
  let toolUseIds: readonly string[] = [];
  for (let at = 0; at <= items.length; at += 1) {
    const item = items[at];
    if (item !== undefined && item.type !== 'reply') continue;
    if (at > from) segments.push({ from, items: items.slice(from, at), toolUseIds });
    from = at + 1;
    toolUseIds = item?.toolUseIds ?? [];
  }
  return segments;
}

/**
 * Besides results, an ordinary prompt starts a turn too: the turn before was interrupted or failed. What is sent into
 * a running turn is marked as steered.
 */
function startsTurn({ items }: Segment): boolean {
  if (items.every((item) => item.type !== 'result')) return true;
  return items.some((item) => item.type === 'interruption' || (item.type === 'prompt' && !item.steered));
}

function promptsThatStart(segment: Segment, endedBefore: (index: number) => boolean): string[] {
  let start = segment.items.findLastIndex((item) => item.type === 'interruption' || item.type === 'result') + 1;
  for (let at = start; at < segment.items.length - 1; at += 1) {
    if (endedBefore(segment.from + at)) start = at + 1;
  }
  return promptsOf(segment.items.slice(start));
}

function promptsOf(items: readonly ConversationItem[]): string[] {
  return items.flatMap((item) => (item.type === 'prompt' ? [item.text] : []));
}

/** Prompts without any directive are echoed together; else each prompt is answered by itself. */
function scriptOf(prompts: readonly string[]): Script {
  const directed = prompts.some((prompt) => parseDirectives(prompt).length > 0);
  if (directed) return prompts.flatMap((prompt) => scriptFor(prompt));
  return prompts.length === 0 ? [] : scriptFor(prompts.join('\n'));
}

function resultsOf(segment: Segment): string[] {
  const results = segment.items.filter((item) => item.type === 'result');
  const place = (id: string): number => segment.toolUseIds.indexOf(id);
  const inOrder = results.toSorted((one, other) => place(one.toolUseId) - place(other.toolUseId));
  return inOrder.map((result) => result.text);
}
