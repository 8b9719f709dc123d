import { useSyncExternalStore } from 'react';

const key = (sessionId: string): string => `draft:${sessionId}`;
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
  return sessionStorage.getItem(key(sessionId)) ?? '';
}

function write(sessionId: string, text: string): void {
  if (text === '') sessionStorage.removeItem(key(sessionId));
  else sessionStorage.setItem(key(sessionId), text);
  for (const listener of listeners) listener();
}
