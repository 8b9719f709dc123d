import type { Priority } from '@hearth/protocol';
import { strings } from '../strings/strings.ts';

const words = strings.conversation.composer;

const WAYS: readonly Priority[] = ['next', 'later', 'now'];

/** What the message does to the running turn, and what that means in plain words. */
export function SendWays({ priority, change }: { priority: Priority; change: (priority: Priority) => void }) {
  return (
    <fieldset className="flex min-w-0 flex-wrap items-center gap-x-2.5 gap-y-1">
      <legend className="sr-only">{words.waysLabel}</legend>
      <div className="flex rounded-lg bg-sunken p-0.5">
        {WAYS.map((way) => (
          <label
            key={way}
            title={words.ways[way].meaning}
            className="cursor-pointer rounded-md px-2.5 py-1 text-[0.8125rem] font-medium text-soft has-checked:bg-panel has-checked:text-ink has-checked:shadow-xs has-focus-visible:outline-2 has-focus-visible:outline-ember"
          >
            <input
              type="radio"
              name="way"
              value={way}
              checked={way === priority}
              onChange={() => change(way)}
              aria-describedby={`way-${way}`}
              className="sr-only"
            />
            {words.ways[way].name}
          </label>
        ))}
      </div>
      {WAYS.map((way) => (
        <span
          key={way}
          id={`way-${way}`}
          className={
            way === priority ? 'order-last basis-full ps-1 text-xs text-soft md:order-none md:basis-auto' : 'sr-only'
          }
        >
          {words.ways[way].meaning}
        </span>
      ))}
    </fieldset>
  );
}
