import type { TurnEntry, TurnItem, TurnState } from '@hearth/client/conversation';
import type { Approval } from '@hearth/protocol';
import { OctagonX } from 'lucide-react';
import { memo } from 'react';
import { cost, duration, tokens } from '../format.ts';
import { ErrorBox } from '../parts/error-box.tsx';
import { ApprovalOutcome } from './approval-outcome.tsx';
import { Note } from './note.tsx';
import { Prose } from './prose.tsx';
import { Thinking } from './thinking.tsx';
import { ToolCard } from './tool-card.tsx';
import type { ToolState } from './tool-card.tsx';
import { UserMessage } from './user-message.tsx';

export interface TurnViewProps {
  turn: TurnEntry;
  /** Those that the turn waits for. */
  approvals: readonly Approval[];
}

/** One turn. It is drawn again only when something in it has changed. */
export const TurnView = memo(function TurnView({ turn, approvals }: TurnViewProps) {
  return (
    <div data-turn={turn.state.status}>
      <Items turn={turn} approvals={approvals} parent={undefined} />
      <End state={turn.state} />
    </div>
  );
});

interface ItemsProps extends TurnViewProps {
  parent: string | undefined;
}

function Items({ turn, approvals, parent }: ItemsProps) {
  const shown = turn.items.filter((item) => parentOf(item) === parent);
  return shown.map((item) => <Item key={item.seq} item={item} turn={turn} approvals={approvals} />);
}

function parentOf(item: TurnItem): string | undefined {
  return item.type === 'block' || item.type === 'tool' ? item.parentToolCallId : undefined;
}

function Item({ item, turn, approvals }: TurnViewProps & { item: TurnItem }) {
  switch (item.type) {
    case 'message':
      return <UserMessage content={item.content} as={item.as} />;
    case 'block':
      if (item.kind === 'thinking') return <Thinking text={item.text} streaming={item.state === 'streaming'} />;
      return (
        <article className="my-4" data-block={item.state}>
          <h2 className="sr-only">The agent said</h2>
          <Prose text={item.text} streaming={item.state === 'streaming'} />
          {item.state === 'partial' && (
            <p className="mt-1.5 inline-flex items-center gap-1.5 rounded-full bg-sunken px-2.5 py-0.5 text-xs text-soft">
              <OctagonX className="size-3.5" aria-hidden="true" /> interrupted
            </p>
          )}
        </article>
      );
    case 'tool': {
      const { name, input, title, kind, output, toolCallId } = item;
      const hasInner = turn.items.some((other) => parentOf(other) === toolCallId);
      return (
        <ToolCard
          name={name}
          input={input}
          title={title}
          kind={kind}
          state={toolState(item, turn, approvals)}
          output={output}
        >
          {hasInner ? <Items turn={turn} approvals={approvals} parent={toolCallId} /> : undefined}
        </ToolCard>
      );
    }
    case 'approval':
      return <ApprovalOutcome item={item} />;
    case 'note':
      return <Note item={item} />;
  }
}

function toolState(
  { toolCallId, state }: TurnItem & { type: 'tool' },
  turn: TurnEntry,
  approvals: readonly Approval[],
): ToolState {
  switch (state) {
    case 'done':
      return 'done';
    case 'error':
      return 'failed';
    case 'running':
      if (turn.state.status !== 'running') return 'unfinished';
      return approvals.some((approval) => approval.toolCallId === toolCallId) ? 'waiting' : 'running';
  }
}

const INTERRUPTED_BY = {
  user: 'Stopped by you',
  message: 'Stopped for your next message',
  shutdown: 'Stopped because the server was shut down',
  crash: 'Stopped because the agent or the server crashed',
} as const;

const STOP_WORDS: Readonly<Record<string, string>> = {
  max_tokens: 'The answer was too long and was cut',
  max_turns: 'Stopped at the bound on rounds',
  refusal: 'The model declined',
};

function End({ state }: { state: TurnState }) {
  switch (state.status) {
    case 'running':
      return null;
    case 'completed': {
      const { stopReason, durationMs, costUsd, usage } = state;
      const why = STOP_WORDS[stopReason];
      const inTokens = usage.inputTokens + usage.cacheReadTokens + usage.cacheCreationTokens;
      return (
        <Facts
          facts={[
            ...(why === undefined ? [] : [why]),
            duration(durationMs),
            cost(costUsd),
            `${tokens(inTokens)} tokens in, ${tokens(usage.outputTokens)} out`,
          ]}
        />
      );
    }
    case 'interrupted':
      return <Facts facts={[INTERRUPTED_BY[state.by]]} />;
    case 'failed':
      return (
        <div className="my-4">
          <ErrorBox message={state.error.message} hint={state.error.hint} />
        </div>
      );
  }
}

function Facts({ facts }: { facts: string[] }) {
  return (
    <p className="mt-3 mb-6 text-xs text-soft tabular-nums" data-facts="turn">
      {facts.join(' · ')}
    </p>
  );
}
