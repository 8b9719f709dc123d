import { create } from 'zustand';

/** What Chromium hands out when the page can be installed. */
interface InstallPrompt extends Event {
  prompt(): Promise<unknown>;
}

export const useInstall = create<{ prompt: InstallPrompt | null }>()(() => ({ prompt: null }));

/** Keeps the browser's offer until somebody wants it. Called once, early: the offer comes once. */
export function awaitInstallOffer(): void {
  addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault();
    useInstall.setState({ prompt: event as InstallPrompt });
  });
  addEventListener('appinstalled', () => useInstall.setState({ prompt: null }));
}

export function isInstalled(): boolean {
  return matchMedia('(display-mode: standalone)').matches;
}
