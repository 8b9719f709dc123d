import { Dialog } from '@base-ui/react/dialog';
import { Search } from 'lucide-react';
import { useEffect, useId, useState } from 'react';
import type { KeyboardEvent } from 'react';
import { shortPath } from '../format.ts';
import { navigate, sessionPath } from '../navigation.ts';
import { closeOverlay } from '../overlays.ts';
import { hearth } from '../server.ts';
import { StandingBadge } from '../sessions/phase-badge.tsx';
import { useSessions } from '../sessions/sessions-store.ts';
import { listStandingOf } from '../sessions/standing.ts';
import { summaryOf } from '../sessions/summary.ts';
import { titleOf } from '../sessions/title.ts';
import { strings } from '../strings/strings.ts';
import { availableCommands, IS_MAC, keyText } from './commands.ts';
import { paletteEntries } from './palette-entries.ts';
import type { PaletteEntry } from './palette-entries.ts';

const words = strings.commands;
const SEARCH_AFTER_MS = 120;
const FOUND = 8;

/** Goes to any session and does anything by a few letters. */
export function Palette() {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const id = useId();
  const sessions = useFound(text);
  const entries = paletteEntries(text, availableCommands(), sessions);
  const active = Math.min(chosen, entries.length - 1);

  const act = (entry: PaletteEntry | undefined): void => {
    if (entry === undefined) return;
    closeOverlay();
    if (entry.type === 'session') navigate(sessionPath(entry.session.id));
    // After the dialog has given the focus back.
    else setTimeout(entry.command.run);
  };
  const move = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault();
      act(entries[active]);
    } else if (step !== undefined && entries.length > 0) {
      event.preventDefault();
      setChosen((active + step + entries.length) % entries.length);
    }
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && closeOverlay()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/45" />
        <Dialog.Popup className="fixed inset-x-4 top-[12dvh] z-40 mx-auto flex max-h-[70dvh] max-w-xl flex-col overflow-hidden rounded-2xl border border-line-strong bg-panel shadow-2xl">
          <Dialog.Title className="sr-only">{words.palette}</Dialog.Title>
          <div className="flex items-center gap-3 border-b border-line px-4">
            <Search className="size-4 shrink-0 text-soft" aria-hidden="true" />
            <input
              role="combobox"
              aria-label={words.palette}
              aria-expanded="true"
              aria-controls={`${id}-list`}
              aria-activedescendant={active < 0 ? undefined : `${id}-${active}`}
              aria-autocomplete="list"
              placeholder={words.placeholder}
              value={text}
              onChange={(event) => {
                setText(event.target.value);
                setChosen(0);
              }}
              onKeyDown={move}
              className="h-13 min-w-0 flex-1 bg-transparent outline-none placeholder:text-soft"
            />
          </div>
          <div
            id={`${id}-list`}
            role="listbox"
            aria-label={words.palette}
            className="min-h-0 flex-1 overflow-y-auto p-2"
          >
            {entries.map((entry, index) => (
              <div
                key={entry.key}
                ref={index === active ? bringIntoView : undefined}
                id={`${id}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === active}
                onClick={() => act(entry)}
                onKeyDown={move}
                onPointerMove={() => setChosen(index)}
                className="flex min-h-10 cursor-pointer items-center gap-3 rounded-lg px-3 py-1.5 text-sm aria-selected:bg-ember-soft"
              >
                <EntryText entry={entry} />
              </div>
            ))}
            {entries.length === 0 && (
              <div role="option" aria-selected="false" aria-disabled="true" className="px-3 py-4 text-sm text-soft">
                {words.none}
              </div>
            )}
          </div>
          <p className="border-t border-line px-4 py-2 text-xs text-soft max-sm:hidden">{words.navigateHint}</p>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function bringIntoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}

function EntryText({ entry }: { entry: PaletteEntry }) {
  if (entry.type === 'command') {
    return (
      <>
        <span className="min-w-0 flex-1 truncate">{words.names[entry.command.name]}</span>
        <kbd className="rounded border border-line-strong px-1.5 font-mono text-xs text-soft">
          {keyText(entry.command.keys, IS_MAC)}
        </kbd>
      </>
    );
  }
  return (
    <>
      <span dir="auto" className="min-w-0 truncate font-medium">
        {titleOf(entry.session)}
      </span>
      <span className="min-w-0 flex-1 truncate text-xs text-soft">{shortPath(entry.session.cwd)}</span>
      <StandingBadge standing={listStandingOf(entry.session)} />
    </>
  );
}

/** What the list holds already, and what the server finds beyond it. */
function useFound(text: string) {
  const list = useSessions((store) => store.list);
  const [found, setFound] = useState<ReturnType<typeof summaryOf>[]>([]);
  useEffect(() => {
    const q = text.trim();
    if (q === '') return undefined;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      hearth.sessions.list({ q, limit: FOUND, status: 'all' }, { signal: controller.signal }).then(
        ({ items }) => setFound(items.map(summaryOf)),
        () => undefined,
      );
    }, SEARCH_AFTER_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text]);
  const items = list.status === 'ready' ? list.items : [];
  const there = new Set(items.map(({ id }) => id));
  return text.trim() === '' ? items : [...items, ...found.filter(({ id }) => !there.has(id))];
}
