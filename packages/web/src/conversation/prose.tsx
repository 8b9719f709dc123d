import { lazy, Suspense } from 'react';
import type { MarkdownProps } from './markdown.tsx';

const load = () => import('./markdown.tsx');
const Markdown = lazy(() => load().then((module) => ({ default: module.Markdown })));

/** Fetches the markdown renderer, so that it is there when the first answer comes. */
export function preloadMarkdown(): void {
  load().catch(() => undefined);
}

/** A model's text; plain until the markdown renderer is loaded. */
export function Prose(props: MarkdownProps) {
  return (
    <Suspense fallback={<p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{props.text}</p>}>
      <Markdown {...props} />
    </Suspense>
  );
}
