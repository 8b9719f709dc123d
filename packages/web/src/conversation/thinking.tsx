import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import { strings } from '../strings/strings.ts';

const words = strings.conversation.thinking;

/** What the agent thought, folded. */
export function Thinking({ text, streaming }: { text: string; streaming: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <details
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      data-thinking
      className="group my-1.5 text-sm text-soft"
    >
      <summary className="inline-flex list-none items-center gap-1.5 rounded-md py-0.5 hover:text-ink [&::-webkit-details-marker]:hidden">
        <ChevronRight
          className="size-4 transition-transform group-open:rotate-90 rtl:-scale-x-100 rtl:group-open:-rotate-90 rtl:group-open:scale-x-100"
          aria-hidden="true"
        />
        <span className={streaming ? 'breathing' : ''}>{streaming ? words.now : words.done}</span>
      </summary>
      {open && (
        <p dir="auto" className="mt-1 border-s-2 border-line ps-3.5 whitespace-pre-wrap [overflow-wrap:anywhere]">
          {text}
        </p>
      )}
    </details>
  );
}
