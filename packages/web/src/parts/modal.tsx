import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { useRef } from 'react';
import type { ReactNode } from 'react';
import { strings } from '../strings/strings.ts';

export interface ModalProps {
  title: string;
  close: () => void;
  wide?: boolean;
  children: ReactNode;
}

/** What is typed into. */
const FIELD = 'input:not([type=radio], [type=checkbox]), textarea';

/** A dialog over the page: it has the focus in its first field, keeps it, and gives it back where it was. */
export function Modal({ title, close, wide = false, children }: ModalProps) {
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Dialog.Root open onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-black/45" />
        <Dialog.Popup
          ref={popup}
          initialFocus={() => popup.current?.querySelector<HTMLElement>(FIELD) ?? true}
          className={`fixed inset-x-4 top-[12dvh] z-40 mx-auto flex max-h-[76dvh] flex-col rounded-2xl border border-line-strong bg-panel shadow-2xl ${wide ? 'max-w-2xl' : 'max-w-md'}`}
        >
          <div className="flex items-center gap-3 px-5 pt-4 pb-2">
            <Dialog.Title className="min-w-0 flex-1 text-base font-semibold">{title}</Dialog.Title>
            <Dialog.Close
              aria-label={strings.shell.close}
              className="grid size-8 place-items-center rounded-lg text-soft hover:bg-sunken hover:text-ink"
            >
              <X className="size-4" aria-hidden="true" />
            </Dialog.Close>
          </div>
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
