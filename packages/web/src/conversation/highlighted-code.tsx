import { useEffect, useState } from 'react';
import { languageOf } from './code-languages.ts';
import type { CodeToken } from './highlight.ts';
import { colours } from './highlighter.ts';

/** More than this is shown without colours: they would take longer than anybody looks. */
const MAX_CHARS = 60_000;

/** How many coloured texts are kept, so that what is scrolled back into view has its colours at once. */
const MAX_KEPT = 200;
const kept = new Map<string, CodeToken[]>();

export interface HighlightedCodeProps {
  /** As after a code fence, or the ending of a file's name. */
  language: string;
  code: string;
  /** False: plain, for the code is not whole. */
  wanted?: boolean;
}

/** Code with colours as soon as they are worked out; the text is there at once, and nothing moves when they come. */
export function HighlightedCode({ language, code, wanted = true }: HighlightedCodeProps) {
  const known = languageOf(language);
  const key = `${known ?? ''}:${code}`;
  const [, redraw] = useState('');
  useEffect(() => {
    if (!wanted || known === undefined || code.length > MAX_CHARS || kept.has(key)) return undefined;
    let over = false;
    const colour = async (): Promise<void> => {
      const tokens = await colours(code, known);
      if (tokens === null) return;
      keep(key, tokens);
      if (!over) redraw(key);
    };
    // Without a worker code stays plain, which is no failure that anybody has to act on.
    colour().catch(() => undefined);
    return () => {
      over = true;
    };
  }, [wanted, known, code, key]);
  const tokens = wanted ? kept.get(key) : undefined;
  if (tokens === undefined) return <code>{code}</code>;
  return (
    <code data-language={known}>
      {tokens.map(({ text, color }, index) =>
        color === undefined ? (
          text
        ) : (
          <span key={index} style={{ color }}>
            {text}
          </span>
        ),
      )}
    </code>
  );
}

function keep(key: string, tokens: CodeToken[]): void {
  kept.set(key, tokens);
  for (const oldest of kept.keys()) {
    if (kept.size <= MAX_KEPT) return;
    kept.delete(oldest);
  }
}
