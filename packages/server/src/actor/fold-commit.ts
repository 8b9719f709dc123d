import type { Event, Message } from '@hearth/protocol';
import { applyEvent } from '../session/view.ts';
import type { SessionView } from '../session/view.ts';
import type { StoredMessage, TurnUsage } from '../store/store.ts';
import { turnUsageOf } from './turn-usage.ts';

export interface FoldedCommit {
  view: SessionView;
  /** Messages that the events made or changed, each once. */
  messages: StoredMessage[];
  /** Of turns that end with the events. */
  usage: TurnUsage[];
}

/** Folds the events of one commit into the view: what is stored beside them follows from it. */
export function foldCommit(before: SessionView, events: readonly Event[]): FoldedCommit {
  let view = before;
  const changed = new Map<string, Message>();
  const usage: TurnUsage[] = [];
  const last = events.at(-1);
  for (const event of events) {
    if (event.type === 'block.delta' && event !== last) continue;
    const turnUsage = turnUsageOf(event, view);
    if (turnUsage !== null) usage.push(turnUsage);
    const folded = applyEvent(view, event);
    view = folded.view;
    for (const message of folded.changed) changed.set(message.id, message);
  }
  const placeOf = (id: string): number =>
    Math.max(
      0,
      view.session.queue.findIndex((queued) => queued.id === id),
    );
  const messages = [...changed.values()].map((message) => ({ ...message, place: placeOf(message.id) }));
  return { view, messages, usage };
}
