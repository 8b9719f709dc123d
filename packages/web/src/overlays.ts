import { create } from 'zustand';

export type Overlay = 'palette' | 'help';

/** What lies over the page, if anything. */
export const useOverlay = create<{ overlay: Overlay | null }>()(() => ({ overlay: null }));

export function openOverlay(overlay: Overlay): void {
  useOverlay.setState({ overlay });
}

export function closeOverlay(): void {
  useOverlay.setState({ overlay: null });
}
