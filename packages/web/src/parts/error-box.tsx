import { TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';

export interface ErrorBoxProps {
  message: string;
  hint?: string | undefined;
  children?: ReactNode;
}

/** What went wrong and what to do about it. */
export function ErrorBox({ message, hint, children }: ErrorBoxProps) {
  return (
    <div role="alert" className="flex gap-3 rounded-xl border border-bad/30 bg-bad-soft px-4 py-3 text-sm">
      <TriangleAlert className="mt-0.5 size-4 shrink-0 text-bad" aria-hidden="true" />
      <div className="min-w-0 flex-1 [overflow-wrap:anywhere]">
        <p className="font-medium text-bad">{message}</p>
        {hint !== undefined && <p className="mt-0.5 text-ink/85">{hint}</p>}
        {children}
      </div>
    </div>
  );
}
