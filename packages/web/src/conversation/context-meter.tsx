import type { Context } from '@hearth/protocol';
import { tokens } from '../format.ts';
import { strings } from '../strings/strings.ts';

const words = strings.conversation.header;

/** How full the model's context is. */
export function ContextMeter({ context: { usedTokens, maxTokens } }: { context: Context }) {
  if (maxTokens === 0) return null;
  const share = Math.min(1, usedTokens / maxTokens);
  const percent = share > 0 && share < 0.01 ? '< 1' : String(Math.round(share * 100));
  const look = share > 0.85 ? 'bg-bad' : share > 0.65 ? 'bg-warn' : 'bg-good';
  return (
    <div
      role="meter"
      aria-label={words.contextLabel}
      aria-valuemin={0}
      aria-valuemax={maxTokens}
      aria-valuenow={Math.min(usedTokens, maxTokens)}
      aria-valuetext={words.percent(percent)}
      title={words.contextTitle(tokens(usedTokens), tokens(maxTokens))}
      className="flex items-center gap-2 text-xs text-soft tabular-nums"
    >
      <span className="h-1.5 w-14 overflow-hidden rounded-full bg-line">
        <span className={`block h-full rounded-full ${look}`} style={{ width: `${Math.max(share * 100, 3)}%` }} />
      </span>
      <span>
        {percent}%<span className="hidden lg:inline"> {words.context}</span>
      </span>
    </div>
  );
}
