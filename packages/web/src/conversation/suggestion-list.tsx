import { strings } from '../strings/strings.ts';
import type { Suggestion } from './suggestion.ts';

export const SUGGESTIONS_ID = 'suggestions';

export function suggestionId(index: number): string {
  return `${SUGGESTIONS_ID}-${index}`;
}

export interface SuggestionListProps {
  suggestions: readonly Suggestion[];
  chosen: number;
  take: (suggestion: Suggestion) => void;
}

/** Commands and files to choose from, above the composer. */
export function SuggestionList({ suggestions, chosen, take }: SuggestionListProps) {
  if (suggestions.length === 0) return null;
  return (
    <div
      id={SUGGESTIONS_ID}
      role="listbox"
      aria-label={strings.conversation.suggest.label}
      className="absolute inset-x-0 bottom-full z-20 mb-2 max-h-72 overflow-y-auto rounded-xl border border-line-strong bg-panel p-1 shadow-xl"
    >
      {suggestions.map((suggestion, index) => (
        <div
          key={suggestion.insert}
          id={suggestionId(index)}
          role="option"
          aria-selected={index === chosen}
          tabIndex={-1}
          onPointerDown={(event) => {
            event.preventDefault();
            take(suggestion);
          }}
          className="flex cursor-pointer items-baseline gap-3 rounded-lg px-3 py-1.5 text-sm hover:bg-sunken aria-selected:bg-ember-soft"
        >
          <bdi className="max-w-[60%] shrink-0 truncate font-mono text-[0.8125rem]">{suggestion.name}</bdi>
          <span dir="auto" className="min-w-0 truncate text-soft">
            {suggestion.about}
          </span>
        </div>
      ))}
    </div>
  );
}
