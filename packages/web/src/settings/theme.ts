import { kept } from '../kept.ts';

export type Theme = 'system' | 'light' | 'dark';

/** What `public/theme.js` reads before the page is drawn. */
export const theme = kept<Theme>('hearth.theme', (stored) =>
  stored === 'light' || stored === 'dark' ? stored : 'system',
);

/** The colour of the browser's own bar, as `--paper` in theme.css. */
const PAPER = { light: '#faf8f5', dark: '#171410' } as const;

/** Keeps the page in the chosen theme, also when another tab chooses. Returns what ends it. */
export function followTheme(): () => void {
  const apply = (): void => {
    const chosen = theme.get();
    const { dataset } = document.documentElement;
    if (chosen === 'system') delete dataset['theme'];
    else dataset['theme'] = chosen;
    for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
      const own = meta.getAttribute('media')?.includes('dark') === true ? PAPER.dark : PAPER.light;
      meta.setAttribute('content', chosen === 'system' ? own : PAPER[chosen]);
    }
  };
  apply();
  return theme.subscribe(apply);
}

/** The next of light, dark and as the system has it. */
export function nextTheme(now: Theme): Theme {
  if (now === 'system') return 'light';
  return now === 'light' ? 'dark' : 'system';
}
