import { ChevronRight } from 'lucide-react';
import { useState } from 'react';

export function Thinking({ text, streaming }: { text: string; streaming: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <details
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      className="group my-2 text-sm text-soft"
    >
      <summary className="inline-flex list-none items-center gap-1.5 rounded-md py-0.5 hover:text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight className="size-4 transition-transform group-open:rotate-90" aria-hidden="true" />
        <span className={streaming ? 'breathing' : ''}>{streaming ? 'Thinking …' : 'Thought about it'}</span>
      </summary>
      <p className="mt-1 border-l-2 border-line pl-3.5 whitespace-pre-wrap [overflow-wrap:anywhere]">{text}</p>
    </details>
  );
}
