import { X } from 'lucide-react';
import { strings } from '../strings/strings.ts';
import { hideToast, useToasts } from '../toasts.ts';

/** What was just done, at the lower edge; told to screen readers as it comes. */
export function ToastList() {
  const toasts = useToasts((state) => state.toasts);
  return (
    <div
      role="status"
      className="pointer-events-none fixed inset-x-0 bottom-4 z-50 flex flex-col items-center gap-2 px-4 pb-[env(safe-area-inset-bottom)]"
    >
      {toasts.map(({ id, text, action, tone }) => (
        <div
          key={id}
          data-toast={tone}
          className={`pointer-events-auto flex max-w-md items-center gap-3 rounded-xl border py-2 ps-4 pe-2 text-sm shadow-lg ${tone === 'bad' ? 'border-bad/40 bg-bad-soft text-bad' : 'border-line-strong bg-panel'}`}
        >
          <span className="min-w-0 [overflow-wrap:anywhere]">{text}</span>
          {action !== undefined && (
            <button
              type="button"
              onClick={() => {
                hideToast(id);
                action.run();
              }}
              className="h-8 shrink-0 rounded-lg px-2.5 font-semibold text-ember hover:bg-sunken"
            >
              {action.label}
            </button>
          )}
          <button
            type="button"
            aria-label={strings.shell.dismiss}
            onClick={() => hideToast(id)}
            className="grid size-8 shrink-0 place-items-center rounded-lg text-soft hover:bg-sunken hover:text-ink"
          >
            <X className="size-4" aria-hidden="true" />
          </button>
        </div>
      ))}
    </div>
  );
}
