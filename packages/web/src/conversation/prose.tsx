import { useSyncExternalStore } from 'react';
import type { ComponentType } from 'react';
import type { MarkdownProps } from './markdown.tsx';

let Markdown: ComponentType<MarkdownProps> | undefined;
const waiting = new Set<() => void>();

/**
 * Resolves when the markdown renderer is there, which is most of the page's weight. When it cannot be fetched, texts are
 * shown as they are.
 */
export const markdownLoaded: Promise<void> = import('./markdown.tsx').then(
  (module) => {
    ({ Markdown } = module);
    for (const tell of waiting) tell();
    return undefined;
  },
  () => undefined,
);

/** A model's text; plain until the markdown renderer is loaded. */
export function Prose(props: MarkdownProps) {
  const Loaded = useSyncExternalStore(subscribe, () => Markdown);
  if (Loaded === undefined) return <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{props.text}</p>;
  return <Loaded {...props} />;
}

function subscribe(tell: () => void): () => void {
  waiting.add(tell);
  return () => waiting.delete(tell);
}
