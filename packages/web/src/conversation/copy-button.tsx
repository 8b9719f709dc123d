import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { copyText } from '../copy-text.ts';
import { strings } from '../strings/strings.ts';

const words = strings.conversation.copy;

const TOLD_MS = 2000;

export interface CopyButtonProps {
  /** What is copied; asked for when it is. */
  text: () => string;
  label: string;
  /** Says in words what it does; else it is only an icon. */
  spelled?: boolean;
}

export function CopyButton({ text, label, spelled = false }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'none' | 'done' | 'failed'>('none');
  const copy = (): void => {
    const told = (next: 'done' | 'failed'): void => {
      setOutcome(next);
      setTimeout(() => setOutcome('none'), TOLD_MS);
    };
    copyText(text()).then(
      () => told('done'),
      () => told('failed'),
    );
  };
  const Icon = outcome === 'done' ? Check : Copy;
  return (
    <button
      type="button"
      onClick={copy}
      aria-label={label}
      title={label}
      className="inline-flex h-7 min-w-7 items-center justify-center gap-1.5 rounded-md px-1.5 text-xs text-soft transition-colors hover:bg-sunken hover:text-ink pointer-coarse:h-9 pointer-coarse:min-w-9"
    >
      <Icon className="size-3.5" aria-hidden="true" />
      <span aria-live="polite" className={spelled || outcome === 'failed' ? '' : 'sr-only'}>
        {{ none: spelled ? words.copy : '', done: words.done, failed: words.failed }[outcome]}
      </span>
    </button>
  );
}
