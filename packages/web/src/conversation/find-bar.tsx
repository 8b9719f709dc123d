import { ChevronDown, ChevronUp, X } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { strings } from '../strings/strings.ts';
import { findInRows } from './find-text.ts';
import { useFoundMarks } from './found-marks.ts';
import { IconButton } from './icon-button.tsx';
import type { Row } from './rows.ts';

const words = strings.conversation.find;

export interface FindBarProps {
  rows: readonly Row[];
  /** Brings the row into view. */
  show: (index: number) => void;
  /** Where the rows are on the page. */
  within: () => HTMLElement | null;
  close: () => void;
}

/** Finds in the whole conversation, also in what is not on the page. */
export function FindBar({ rows, show, within, close }: FindBarProps) {
  const [sought, setSought] = useState('');
  const [place, setPlace] = useState<number>();
  const box = useRef<HTMLInputElement>(null);
  const found = useMemo(() => findInRows(rows, sought), [rows, sought]);
  useFoundMarks(within, sought);
  useEffect(() => {
    const again = (event: KeyboardEvent): void => {
      if (isFindKey(event)) box.current?.select();
    };
    addEventListener('keydown', again);
    return () => removeEventListener('keydown', again);
  }, []);
  const current = place === undefined ? undefined : Math.min(place, found.length - 1);
  const go = (next: number): void => {
    if (found.length === 0) return;
    const wrapped = (next + found.length) % found.length;
    const row = found[wrapped];
    setPlace(wrapped);
    if (row !== undefined) show(row);
  };
  // The newest is the most likely to be meant.
  const back = (): void => go((current ?? found.length) - 1);
  const forth = (): void => go((current ?? -1) + 1);
  return (
    <search className="absolute end-3 top-2 z-20 flex items-center gap-1 rounded-xl border border-line-strong bg-panel p-1.5 shadow-lg sm:end-6">
      <input
        ref={box}
        autoFocus
        dir="auto"
        aria-label={words.label}
        placeholder={words.label}
        value={sought}
        onChange={(event) => {
          setSought(event.target.value);
          setPlace(undefined);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') close();
          if (event.key !== 'Enter') return;
          event.preventDefault();
          if (event.shiftKey) forth();
          else back();
        }}
        className="h-8 w-40 rounded-md bg-sunken px-2.5 text-sm sm:w-56"
      />
      <span role="status" className="min-w-16 px-1 text-center text-xs text-soft tabular-nums">
        {sought.trim() === '' ? '' : words.count(current === undefined ? undefined : current + 1, found.length)}
      </span>
      <IconButton label={words.previous} onClick={back} disabled={found.length === 0}>
        <ChevronUp className="size-4" aria-hidden="true" />
      </IconButton>
      <IconButton label={words.next} onClick={forth} disabled={found.length === 0}>
        <ChevronDown className="size-4" aria-hidden="true" />
      </IconButton>
      <IconButton label={words.close} onClick={close}>
        <X className="size-4" aria-hidden="true" />
      </IconButton>
    </search>
  );
}

export function isFindKey(event: KeyboardEvent): boolean {
  return (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.code === 'KeyF';
}
