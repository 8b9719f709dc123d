import { useState } from 'react';
import { Button } from '../parts/button.tsx';
import { strings } from '../strings/strings.ts';
import type { ChangedLine, FileChange } from './file-change.ts';

const words = strings.conversation.diff;

/** A change of more lines shows its beginning, and the rest when it is asked for. */
const MAX_LINES = 400;

const LOOKS = {
  same: { row: '', sign: ' ', name: '' },
  added: { row: 'bg-good-soft', sign: '+', name: words.added },
  removed: { row: 'bg-bad-soft', sign: '−', name: words.removed },
  gap: { row: 'text-soft', sign: '⋯', name: words.gap },
} as const;

export interface FileDiffProps {
  change: FileChange;
  /** The most that it is high before it scrolls. */
  height?: 'short' | 'tall';
}

/** What a file loses and gains, line by line. */
export function FileDiff({ change: { lines }, height = 'tall' }: FileDiffProps) {
  const [all, setAll] = useState(false);
  const shown = all ? lines : lines.slice(0, MAX_LINES);
  if (lines.length === 0) return <p className="text-sm text-soft">{words.nothing}</p>;
  return (
    <div className="space-y-2">
      <pre
        dir="ltr"
        tabIndex={0}
        aria-label={words.label}
        className={`overflow-auto rounded-lg border border-line bg-paper py-1 font-mono text-[0.8125rem] leading-relaxed ${height === 'short' ? 'max-h-72' : 'max-h-[32rem]'}`}
      >
        <span className="block w-fit min-w-full">
          {shown.map((line, index) => (
            <Line key={index} line={line} />
          ))}
        </span>
      </pre>
      {shown.length < lines.length && (
        <Button size="small" onClick={() => setAll(true)}>
          {words.showAll(lines.length)}
        </Button>
      )}
    </div>
  );
}

function Line({ line: { type, text, line } }: { line: ChangedLine }) {
  const { row, sign, name } = LOOKS[type];
  return (
    <span className={`flex ${row}`} data-line={type}>
      <span className="w-12 shrink-0 pe-2 text-end text-soft select-none" aria-hidden="true">
        {line ?? ''}
      </span>
      <span
        className={`w-5 shrink-0 select-none ${type === 'added' ? 'text-good' : type === 'removed' ? 'text-bad' : 'text-soft'}`}
        aria-hidden="true"
      >
        {sign}
      </span>
      {name !== '' && <span className="sr-only">{name} </span>}
      <span className="pe-4 whitespace-pre">{text === '' ? '\n' : text}</span>
    </span>
  );
}
