import { useEffect } from 'react';
import { useOverlay } from '../overlays.ts';
import { useRenaming } from '../sessions/session-commands.ts';
import { preferences } from '../settings/preferences.ts';
import { availableCommands, IS_MAC } from './commands.ts';

/** Keys do what the help sheet says, while nothing else takes them: no text is written, and no dialog is open. */
export function useShortcuts(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing || event.altKey || event.repeat) return;
      const mod = IS_MAC ? event.metaKey : event.ctrlKey;
      const other = IS_MAC ? event.ctrlKey : event.metaKey;
      if (other || useOverlay.getState().overlay !== null) return;
      if (!mod && (isWriting(event.target) || !preferences.get().singleKeys || dialogIsOpen())) return;
      const keys = mod ? `mod+${event.key.toLowerCase()}` : event.key.toLowerCase();
      const command = availableCommands().find((one) => one.keys === keys);
      if (command === undefined) return;
      event.preventDefault();
      command.run();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
}

function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    target.matches('input:not([type=radio], [type=checkbox]), textarea, select, [role=menu] *')
  );
}

function dialogIsOpen(): boolean {
  // One that was asked for may still be on its way.
  if (useRenaming.getState().session !== null) return true;
  return document.querySelector('[role=dialog], [role=alertdialog], dialog[open], [popover]:popover-open') !== null;
}
