import { useSyncExternalStore } from 'react';
import { keepInTab, keptInTab } from '../tab-storage.ts';

/** In the place of a session's id: what is written to a session that is not there yet. */
export const NEW_SESSION = 'new';

const key = (sessionId: string): string => `draft:${sessionId}`;
const drafts = new Map<string, string>();
const listeners = new Set<() => void>();

/** What is being written to a session. It outlives a reload and a look at another session. */
export function useDraft(sessionId: string): [string, (text: string) => void] {
  const text = useSyncExternalStore(subscribe, () => read(sessionId));
  return [text, (next) => write(sessionId, next)];
}

/** Puts a text into a session's composer, unless somebody writes there already. */
export function offerDraft(sessionId: string, text: string): void {
  if (read(sessionId).trim() === '') write(sessionId, text);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function read(sessionId: string): string {
  const known = drafts.get(sessionId);
  if (known !== undefined) return known;
  const text = keptInTab(key(sessionId)) ?? '';
  drafts.set(sessionId, text);
  return text;
}

function write(sessionId: string, text: string): void {
  drafts.set(sessionId, text);
  keepInTab(key(sessionId), text === '' ? null : text);
  for (const listener of listeners) listener();
}
