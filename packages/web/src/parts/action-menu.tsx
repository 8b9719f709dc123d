import type { LucideIcon } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode, ToggleEvent } from 'react';

export interface Action {
  icon: LucideIcon;
  text: string;
  act: () => void;
  danger?: boolean;
  /** A line is drawn above it. */
  apart?: boolean;
}

export interface ActionMenuProps {
  label: string;
  className?: string;
  actions: readonly Action[];
  /** What the button shows. */
  children: ReactNode;
}

const GAP_PX = 4;
const EDGE_PX = 8;

/**
 * A button that opens a menu. The browser's own popover lies above everything, closes at a click elsewhere and at Escape, and
 * gives the focus back.
 */
export function ActionMenu({ label, className = '', actions, children }: ActionMenuProps) {
  const id = useId();
  const trigger = useRef<HTMLButtonElement>(null);
  // Long lists have a menu in each line: what is in it is there only while it is open.
  const [isOpen, setIsOpen] = useState(false);
  const opened = (event: ToggleEvent<HTMLDivElement>): void => {
    const open = event.newState === 'open';
    if (!open) setIsOpen(false);
    if (!open || trigger.current === null) return;
    place(event.currentTarget, trigger.current);
    event.currentTarget.querySelector<HTMLElement>('[role=menuitem]')?.focus();
  };
  return (
    <>
      <button
        ref={trigger}
        type="button"
        popoverTarget={id}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-label={label}
        className={`grid size-8 shrink-0 place-items-center rounded-lg text-soft transition-colors hover:bg-line hover:text-ink aria-expanded:bg-line aria-expanded:text-ink ${className}`}
      >
        {children}
      </button>
      <div
        id={id}
        popover="auto"
        role="menu"
        tabIndex={-1}
        aria-label={label}
        onBeforeToggle={(event) => event.newState === 'open' && setIsOpen(true)}
        onToggle={opened}
        onKeyDown={moveFocus}
        className="fixed inset-auto m-0 min-w-56 rounded-xl border border-line-strong bg-panel p-1.5 text-sm text-ink shadow-xl outline-none"
      >
        {isOpen &&
          actions.map(({ icon: Icon, text, act, danger = false, apart = false }) => (
            <div key={text} role="none" className={apart ? 'mt-1.5 border-t border-line pt-1.5' : ''}>
              <button
                type="button"
                role="menuitem"
                tabIndex={-1}
                popoverTarget={id}
                popoverTargetAction="hide"
                onClick={act}
                className={`flex h-9 w-full items-center gap-2.5 rounded-lg px-2.5 text-start outline-none hover:bg-sunken focus:bg-sunken ${danger ? 'text-bad' : ''}`}
              >
                <Icon className={`size-4 ${danger ? '' : 'text-soft'}`} aria-hidden="true" />
                {text}
              </button>
            </div>
          ))}
      </div>
    </>
  );
}

/** Below the button and in line with its end, or above it where there is no room below. */
function place(menu: HTMLElement, button: HTMLElement): void {
  const from = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const below = from.bottom + GAP_PX;
  const top = below + height + EDGE_PX > innerHeight ? Math.max(EDGE_PX, from.top - GAP_PX - height) : below;
  const isRtl = getComputedStyle(menu).direction === 'rtl';
  const wanted = isRtl ? from.left : from.right - width;
  const left = Math.min(Math.max(EDGE_PX, wanted), innerWidth - width - EDGE_PX);
  menu.style.setProperty('top', `${top}px`);
  menu.style.setProperty('left', `${left}px`);
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  event.stopPropagation();
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=menuitem]')];
  const at = items.findIndex((item) => item === document.activeElement);
  const places: Readonly<Record<string, number>> = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  };
  const next = places[event.key];
  if (event.key === 'Tab') event.preventDefault();
  if (next === undefined) return;
  event.preventDefault();
  items[next]?.focus();
}
