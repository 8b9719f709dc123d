import type { TurnEntry, TurnState } from '@hearth/client/conversation';
import { cost, duration, tokens } from '../format.ts';
import { ErrorBox } from '../parts/error-box.tsx';
import { strings } from '../strings/strings.ts';
import { TimeOfDay } from './time-of-day.tsx';
import { TurnActions } from './turn-actions.tsx';

const words = strings.conversation.turn;

/** How a turn ended, what it took, and what can be done with it. */
export function TurnEnd({ turn }: { turn: TurnEntry }) {
  const { state, endedAt } = turn;
  return (
    <div data-turn={state.status} className="group/turn pt-1 pb-5">
      {state.status === 'failed' && (
        <div className="mt-2 mb-3">
          <ErrorBox message={state.error.message} hint={state.error.hint} />
        </div>
      )}
      <div className="flex flex-wrap items-center gap-x-1 text-xs text-soft tabular-nums" data-facts="turn">
        {endedAt !== undefined && <TimeOfDay time={endedAt} />}
        <span>
          {factsOf(state)
            .map((fact) => ` · ${fact}`)
            .join('')}
        </span>
        <TurnActions turn={turn} />
      </div>
    </div>
  );
}

function factsOf(state: TurnState): string[] {
  switch (state.status) {
    case 'running':
      return [];
    case 'completed': {
      const { stopReason, durationMs, costUsd, usage } = state;
      const why = words.stops[stopReason];
      const inTokens = usage.inputTokens + usage.cacheReadTokens + usage.cacheCreationTokens;
      return [
        ...(why === undefined ? [] : [why]),
        duration(durationMs),
        ...(costUsd > 0 ? [cost(costUsd)] : []),
        words.tokens(tokens(inTokens), tokens(usage.outputTokens)),
      ];
    }
    case 'interrupted':
      return [words.interruptedBy[state.by]];
    case 'failed':
      return [words.failed];
  }
}
