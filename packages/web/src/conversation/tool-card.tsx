import type { ToolItem } from '@hearth/client/conversation';
import type { ToolKind } from '@hearth/protocol';
import {
  Bot,
  Check,
  ChevronRight,
  FilePen,
  FileText,
  Globe,
  ListTodo,
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
import { strings } from '../strings/strings.ts';
import { changeOf } from './file-change.ts';
import type { FileChange } from './file-change.ts';
import { useCwd } from './shown-session.ts';
import { ToolBody } from './tool-body.tsx';
import type { ToolState } from './tool-state.ts';
import { gist, kindOf, pathWithin, todosOf } from './tool-words.ts';

const words = strings.conversation.tool;

export interface ToolCardProps {
  item: ToolItem;
  state: ToolState;
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

/** One use of a tool: a line that says what, and what is worth seeing of it at once; the rest unfolds. */
export function ToolCard({ item, state, children }: ToolCardProps) {
  const { name, input, title, kind: told, structured } = item;
  const kind = kindOf(name, told);
  const change = kind === 'edit' ? changeOf(input, structured) : undefined;
  const todos = todosOf(name, input);
  const isShownAtOnce =
    (change !== undefined && state !== 'waiting') ||
    todos !== undefined ||
    (children !== undefined && state === 'running');
  const [opened, setOpened] = useState<boolean>();
  const open = opened ?? isShownAtOnce;
  const cwd = useCwd();
  const line = pathWithin(cwd, gist(input) ?? title ?? '');
  const Icon = todos === undefined ? ICONS[kind] : ListTodo;
  return (
    <details
      open={open}
      onToggle={(event) => {
        if (event.currentTarget.open !== open) setOpened(event.currentTarget.open);
      }}
      data-tool={name}
      data-state={state}
      className="group/tool my-1.5 overflow-hidden rounded-xl border border-line bg-panel data-[state=failed]:border-bad/40 data-[state=waiting]:border-warn/50"
    >
      <summary className="flex min-h-10 list-none items-center gap-2.5 px-3 text-sm hover:bg-sunken [&::-webkit-details-marker]:hidden">
        <Icon className="size-4 shrink-0 text-soft" aria-hidden="true" />
        <span className="shrink-0 font-medium">{words.names[name] ?? name}</span>
        {line !== '' && (
          <bdi className="min-w-0 flex-1 truncate font-mono text-[0.8125rem] text-soft">{firstLine(line, 160)}</bdi>
        )}
        <span className="ms-auto flex shrink-0 items-center gap-2">
          {change !== undefined && <Counts change={change} />}
          <StateMark state={state} />
          <ChevronRight
            className="size-4 text-soft transition-transform group-open/tool:rotate-90 rtl:-scale-x-100"
            aria-hidden="true"
          />
        </span>
      </summary>
      {open ? (
        <div className="space-y-3 border-t border-line px-3 py-3">
          <ToolBody item={item} kind={kind} state={state} change={change} todos={todos} />
        </div>
      ) : null}
      {children !== undefined && (
        <div className="border-t border-line bg-sunken/50 py-1 ps-4 pe-3" data-subagent={name}>
          {children}
        </div>
      )}
    </details>
  );
}

function Counts({ change: { added, removed } }: { change: FileChange }) {
  return (
    <span className="font-mono text-xs" aria-label={words.counts(added, removed)} role="img">
      {added > 0 && <span className="text-good">+{added}</span>}{' '}
      {removed > 0 && <span className="text-bad">−{removed}</span>}
    </span>
  );
}

function StateMark({ state }: { state: ToolState }) {
  switch (state) {
    case 'running':
      return <LoaderCircle className="size-4 animate-spin text-ember" role="img" aria-label={words.states.running} />;
    case 'waiting':
      return (
        <span className="rounded-full bg-warn-soft px-2 text-xs font-medium text-warn">{words.states.waiting}</span>
      );
    case 'done':
      return <Check className="size-4 text-good" role="img" aria-label={words.states.done} />;
    case 'failed':
      return (
        <span className="inline-flex items-center gap-1 text-xs font-medium text-bad">
          <X className="size-4" aria-hidden="true" /> {words.states.failed}
        </span>
      );
    case 'unfinished':
      return <Minus className="size-4 text-soft" role="img" aria-label={words.states.unfinished} />;
  }
}
