import { BellRing, ChevronDown, Folder } from 'lucide-react';
import { projectName } from '../format.ts';
import { strings } from '../strings/strings.ts';
import type { ListRow } from './list-rows.ts';

export interface GroupHeadProps {
  row: Extract<ListRow, { type: 'group' }>;
  toggle: () => void;
}

/** The head of a project's sessions, which folds them; or that of those that wait, which stay open. */
export function GroupHead({ row, toggle }: GroupHeadProps) {
  const { group, count, collapsed, key } = row;
  if (group.type !== 'project') {
    const waiting = group.type === 'waiting';
    return (
      <h2
        className={`flex h-full items-end gap-2 px-3 pb-1.5 text-xs font-semibold ${waiting ? 'text-warn' : 'text-soft'}`}
      >
        {waiting && <BellRing className="size-3.5" aria-hidden="true" />}
        {waiting ? strings.sessions.needYou : strings.sessions.recent}
        {waiting && (
          <span className="rounded-full bg-warn-soft px-1.5 text-warn tabular-nums" aria-hidden="true">
            {count}
          </span>
        )}
      </h2>
    );
  }
  return (
    <h2 className="flex h-full items-end">
      <button
        type="button"
        data-row={key}
        aria-expanded={!collapsed}
        onClick={toggle}
        title={group.cwd}
        className="flex w-full items-center gap-2 rounded-lg px-3 py-1 text-xs font-semibold text-soft hover:text-ink"
      >
        <Folder className="size-3.5 shrink-0" aria-hidden="true" />
        <bdi className="min-w-0 truncate">{projectName(group.cwd)}</bdi>
        <span className="font-normal tabular-nums" aria-label={strings.sessions.count(count)}>
          {count}
        </span>
        <ChevronDown
          className={`ms-auto size-3.5 shrink-0 transition-transform ${collapsed ? '-rotate-90 rtl:rotate-90' : ''}`}
          aria-hidden="true"
        />
      </button>
    </h2>
  );
}
