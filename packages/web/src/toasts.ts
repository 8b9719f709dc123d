import { create } from 'zustand';

/** A short word about what was just done, with a way back. */
export interface Toast {
  id: number;
  text: string;
  /** What the button says, and what it does. */
  action?: { label: string; run: () => void } | undefined;
  tone: 'plain' | 'bad';
}

export const useToasts = create<{ toasts: readonly Toast[] }>()(() => ({ toasts: [] }));

const SHOWN_MS = 8_000;
let lastId = 0;

/** Returns what takes it away. */
export function showToast(
  text: string,
  { action, tone = 'plain', forMs = SHOWN_MS }: Partial<Omit<Toast, 'id' | 'text'>> & { forMs?: number } = {},
): () => void {
  const id = ++lastId;
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, { id, text, action, tone }] }));
  const remove = (): void => hideToast(id);
  setTimeout(remove, forMs);
  return remove;
}

export function hideToast(id: number): void {
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
}
