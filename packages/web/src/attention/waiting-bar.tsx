import { BellRing } from 'lucide-react';
import { sessionPath } from '../navigation.ts';
import { Link } from '../parts/link.tsx';
import { useSessions } from '../sessions/sessions-store.ts';
import { titleOf } from '../sessions/title.ts';
import { strings } from '../strings/strings.ts';

const words = strings.sessions;

/** Says on every page that another session waits for an answer, and leads there. */
export function WaitingBar({ current }: { current: string | undefined }) {
  const waiting = useSessions((store) => store.waiting);
  const others = waiting.filter(({ id }) => id !== current);
  const [first] = others;
  return (
    <div role="status">
      {first !== undefined && (
        <div
          data-waiting={others.length}
          className="flex items-center gap-2.5 border-b border-warn/25 bg-warn-soft px-4 py-1.5 text-sm text-warn"
        >
          <BellRing className="size-4 shrink-0" aria-hidden="true" />
          <span dir="auto" className="min-w-0 truncate">
            {others.length === 1 ? oneWaits(titleOf(first), first.approvals[0]) : words.waitElsewhere(others.length)}
          </span>
          <Link
            href={sessionPath(first.id)}
            className="ms-auto inline-flex h-7 shrink-0 items-center rounded-lg border border-warn/40 px-2.5 font-semibold hover:bg-warn/10"
          >
            {words.answer}
          </Link>
        </div>
      )}
    </div>
  );
}

function oneWaits(title: string, approval: { kind: string; toolName: string } | undefined): string {
  const kinds: Readonly<Record<string, string>> = { question: words.question, plan: words.plan };
  return words.waitsElsewhere(title, kinds[approval?.kind ?? ''] ?? approval?.toolName ?? '');
}
