import type { PlanEntry } from '@hearth/protocol';
import { Check, Circle, CircleDot } from 'lucide-react';

const ICONS = { pending: Circle, in_progress: CircleDot, completed: Check } as const;
const WORDS = { pending: 'open', in_progress: 'in work', completed: 'done' } as const;

/** The agent's list of things to do, as it stands. */
export function Plan({ entries }: { entries: readonly PlanEntry[] }) {
  return (
    <section aria-label="To do" className="my-3 rounded-xl border border-line bg-panel px-3.5 py-2.5 text-sm">
      <ul className="space-y-1">
        {entries.map(({ content, status }) => {
          const Icon = ICONS[status];
          return (
            <li key={content} className={`flex items-center gap-2.5 ${status === 'completed' ? 'text-soft' : ''}`}>
              <Icon
                role="img"
                aria-label={WORDS[status]}
                className={`size-4 shrink-0 ${status === 'in_progress' ? 'text-ember' : 'text-soft'}`}
              />
              <span className={status === 'completed' ? 'line-through' : ''}>{content}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
