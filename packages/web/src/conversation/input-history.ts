import type { Conversation } from '@hearth/client/conversation';
import { textOfContent } from './content-text.ts';

/** What was said in this session, newest first, each text once. */
export function saidBefore({ timeline, queue }: Conversation): string[] {
  const texts = new Set<string>();
  for (const { content } of queue.toReversed()) texts.add(textOfContent(content));
  for (const entry of timeline.toReversed()) {
    if (entry.type !== 'turn') continue;
    for (const item of entry.items.toReversed()) {
      if (item.type === 'message' && item.content !== null) texts.add(textOfContent(item.content));
    }
  }
  texts.delete('');
  return [...texts];
}

/** Where in the history the composer stands: −1 is the text that was being written. */
export interface HistoryPlace {
  index: number;
  draft: string;
}

export const WRITING: HistoryPlace = { index: -1, draft: '' };

/** One step back or forth; undefined when there is none. */
export function stepInHistory(
  said: readonly string[],
  place: HistoryPlace,
  text: string,
  step: 'back' | 'forth',
): { place: HistoryPlace; text: string } | undefined {
  const index = step === 'back' ? place.index + 1 : place.index - 1;
  if (index < -1) return undefined;
  const draft = place.index === -1 ? text : place.draft;
  const next = index === -1 ? draft : said[index];
  return next === undefined ? undefined : { place: { index, draft }, text: next };
}
