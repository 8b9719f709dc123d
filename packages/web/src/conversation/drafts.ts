import { useState } from 'react';

const key = (sessionId: string): string => `draft:${sessionId}`;

/** What is being written to a session. It outlives a reload and a look at another session. */
export function useDraft(sessionId: string): [string, (text: string) => void] {
  const [draft, setDraft] = useState({ sessionId, text: read(sessionId) });
  const current = draft.sessionId === sessionId ? draft.text : read(sessionId);
  return [
    current,
    (text) => {
      write(sessionId, text);
      setDraft({ sessionId, text });
    },
  ];
}

function read(sessionId: string): string {
  return sessionStorage.getItem(key(sessionId)) ?? '';
}

function write(sessionId: string, text: string): void {
  if (text === '') sessionStorage.removeItem(key(sessionId));
  else sessionStorage.setItem(key(sessionId), text);
}
