import { useSyncExternalStore } from 'react';
import type { ReactElement } from 'react';
import type { MarkdownProps } from './markdown.tsx';

let render: ((props: MarkdownProps) => ReactElement) | undefined;
const waiting = new Set<() => void>();

/**
 * Resolves when the markdown renderer is there, which is most of the page's weight. When it cannot be fetched, texts are
 * shown as they are.
 */
export const markdownLoaded: Promise<void> = import('./markdown.tsx').then(
  (module) => {
    render = module.renderMarkdown;
    for (const tell of waiting) tell();
    return undefined;
  },
  () => undefined,
);

/** A model's text; plain until the markdown renderer is loaded. */
export function Prose(props: MarkdownProps) {
  const loaded = useSyncExternalStore(subscribe, () => render);
  if (loaded === undefined)
    return (
      <p className="whitespace-pre-wrap [overflow-wrap:anywhere]" dir="auto">
        {props.text}
      </p>
    );
  return loaded(props);
}

function subscribe(tell: () => void): () => void {
  waiting.add(tell);
  return () => waiting.delete(tell);
}
