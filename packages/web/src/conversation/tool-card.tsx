import type { ToolKind } from '@hearth/protocol';
import {
  Bot,
  Check,
  ChevronRight,
  FilePen,
  FileText,
  Globe,
  LoaderCircle,
  Minus,
  Search,
  SquareTerminal,
  Wrench,
  X,
} from 'lucide-react';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { firstLine } from '../format.ts';
import { useCwd } from './cwd.ts';
import { ToolInput } from './tool-input.tsx';
import { field, gist, kindOf, outputText, pathWithin } from './tool-words.ts';

export type ToolState = 'running' | 'waiting' | 'done' | 'failed' | 'unfinished';

export interface ToolCardProps {
  name: string;
  input: unknown;
  title: string | undefined;
  kind: ToolKind | undefined;
  state: ToolState;
  output: unknown;
  /** What a subagent did within this call. */
  children?: ReactNode;
}

const ICONS: Readonly<Record<ToolKind, typeof Wrench>> = {
  read: FileText,
  edit: FilePen,
  execute: SquareTerminal,
  search: Search,
  fetch: Globe,
  think: Bot,
  other: Wrench,
};

/** Longest output that is put on the page; all of it is in the log. */
const MAX_OUTPUT_CHARS = 20_000;

export function ToolCard({ name, input, title, kind, state, output, children }: ToolCardProps) {
  const [open, setOpen] = useState(false);
  const Icon = ICONS[kindOf(name, kind)];
  const cwd = useCwd();
  const command = field(input, 'command');
  const line = command ?? pathWithin(cwd, gist(input) ?? title ?? '');
  const about = field(input, 'description');
  return (
    <details
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      data-tool={name}
      data-state={state}
      className="group my-2 overflow-hidden rounded-xl border border-line bg-panel data-[state=failed]:border-bad/40"
    >
      <summary className="flex h-10 list-none items-center gap-2.5 px-3 text-sm hover:bg-sunken [&::-webkit-details-marker]:hidden">
        <Icon className="size-4 shrink-0 text-soft" aria-hidden="true" />
        <span className="shrink-0 font-medium">{name}</span>
        {line !== '' && (
          <span className="min-w-0 flex-1 truncate font-mono text-[0.8125rem] text-soft">{firstLine(line, 160)}</span>
        )}
        <span className="ml-auto flex shrink-0 items-center gap-2">
          <StateMark state={state} />
          <ChevronRight className="size-4 text-soft transition-transform group-open:rotate-90" aria-hidden="true" />
        </span>
      </summary>
      {open && (
        <div className="space-y-3 border-t border-line px-3 py-3">
          {about !== undefined && about !== line && <p className="text-sm text-soft">{about}</p>}
          <ToolInput name={name} input={input} />
          <Output state={state} text={outputText(output)} />
        </div>
      )}
      {children !== undefined && <div className="border-t border-line px-3 py-1">{children}</div>}
    </details>
  );
}

function Output({ state, text }: { state: ToolState; text: string }) {
  if (state === 'running' || state === 'waiting') return null;
  if (text === '')
    return <p className="text-sm text-soft">{state === 'unfinished' ? 'It was cut off.' : 'No output.'}</p>;
  return (
    <pre
      tabIndex={0}
      aria-label={state === 'failed' ? 'Error' : 'Output'}
      className={`max-h-96 overflow-auto rounded-lg border px-3 py-2 font-mono text-[0.8125rem] leading-relaxed whitespace-pre-wrap [overflow-wrap:anywhere] ${state === 'failed' ? 'border-bad/30 bg-bad-soft' : 'border-line bg-sunken'}`}
    >
      {text.slice(0, MAX_OUTPUT_CHARS)}
      {text.length > MAX_OUTPUT_CHARS && `\n… ${text.length - MAX_OUTPUT_CHARS} more characters`}
    </pre>
  );
}

function StateMark({ state }: { state: ToolState }) {
  switch (state) {
    case 'running':
      return <LoaderCircle className="size-4 animate-spin text-ember" role="img" aria-label="runs" />;
    case 'waiting':
      return <span className="rounded-full bg-warn-soft px-2 text-xs font-medium text-warn">waits for you</span>;
    case 'done':
      return <Check className="size-4 text-good" role="img" aria-label="done" />;
    case 'failed':
      return (
        <span className="inline-flex items-center gap-1 text-xs font-medium text-bad">
          <X className="size-4" aria-hidden="true" /> failed
        </span>
      );
    case 'unfinished':
      return <Minus className="size-4 text-soft" role="img" aria-label="cut off" />;
  }
}
