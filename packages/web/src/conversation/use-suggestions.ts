import { useEffect, useState } from 'react';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';
import { useShownSession } from './shown-session.ts';
import type { Sought, Suggestion } from './suggestion.ts';

const MAX_SUGGESTIONS = 8;
const NONE: readonly Suggestion[] = [];

/** What the agent and the workspace have for what is being written. */
export function useSuggestions(sought: Sought | undefined): readonly Suggestion[] {
  const { id, cwd } = useShownSession();
  const [found, setFound] = useState<{ key: string; items: readonly Suggestion[] }>();
  const kind = sought?.kind;
  const text = sought?.text ?? '';
  const key = kind === undefined ? '' : `${kind}:${text}`;
  useEffect(() => {
    if (kind === undefined) return undefined;
    const giveUp = new AbortController();
    const ask = kind === 'command' ? commands(id, text, giveUp.signal) : files(cwd, text, giveUp.signal);
    ask.then(
      (items) => setFound({ key: `${kind}:${text}`, items }),
      // One writes on without suggestions.
      () => undefined,
    );
    return () => giveUp.abort();
  }, [kind, text, id, cwd]);
  if (kind === undefined || found === undefined) return NONE;
  // Until the answer to the newest letters is there, the one before stands.
  return found.key === key || found.key.startsWith(`${kind}:`) ? found.items : NONE;
}

async function commands(sessionId: string, text: string, signal: AbortSignal): Promise<Suggestion[]> {
  const all = await hearth.session(sessionId).commands({ signal });
  const letters = text.toLowerCase();
  return all
    .filter(({ name }) => name.toLowerCase().includes(letters))
    .toSorted((a, b) => Number(b.name.startsWith(letters)) - Number(a.name.startsWith(letters)))
    .slice(0, MAX_SUGGESTIONS)
    .map(({ name, description, argumentHint }) => {
      return {
        insert: `/${name}`,
        name: `/${name}${argumentHint === undefined ? '' : ` ${argumentHint}`}`,
        about: description,
      };
    });
}

async function files(cwd: string, q: string, signal: AbortSignal): Promise<Suggestion[]> {
  const { items } = await hearth.files({ cwd, q, limit: MAX_SUGGESTIONS }, { signal });
  return items.map(({ path, directory }) => {
    return { insert: `@${path}`, name: path, about: directory ? strings.conversation.suggest.folder : '' };
  });
}
