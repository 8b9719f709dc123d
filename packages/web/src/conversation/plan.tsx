import type { PlanEntry } from '@hearth/protocol';
import { Check, Circle, CircleDot } from 'lucide-react';
import { strings } from '../strings/strings.ts';

const words = strings.conversation.plan;

const ICONS = { pending: Circle, in_progress: CircleDot, completed: Check } as const;

/** The agent's list of things to do, as it stands. */
export function Plan({ entries }: { entries: readonly PlanEntry[] }) {
  return (
    <section aria-label={words.label} className="my-3 rounded-xl border border-line bg-panel px-3.5 py-2.5 text-sm">
      <PlanList entries={entries} />
    </section>
  );
}

export function PlanList({ entries }: { entries: readonly PlanEntry[] }) {
  return (
    <ul className="space-y-1 text-sm">
      {entries.map(({ content, status }, index) => {
        const Icon = ICONS[status];
        return (
          <li key={index} className={`flex items-start gap-2.5 ${status === 'completed' ? 'text-soft' : ''}`}>
            <Icon
              role="img"
              aria-label={words.states[status]}
              className={`mt-1 size-4 shrink-0 ${status === 'in_progress' ? 'text-ember' : status === 'completed' ? 'text-good' : 'text-soft'}`}
            />
            <span dir="auto" className={status === 'completed' ? 'line-through decoration-line-strong' : ''}>
              {content}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
