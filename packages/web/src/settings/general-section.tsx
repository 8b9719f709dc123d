import { Monitor, Moon, Sun } from 'lucide-react';
import { openOverlay } from '../overlays.ts';
import { Button } from '../parts/button.tsx';
import { Section } from '../parts/page.tsx';
import { strings } from '../strings/strings.ts';
import { useKept } from '../use-kept.ts';
import { InstallSection } from './install-section.tsx';
import { NotificationsSection } from './notifications-section.tsx';
import { preferences, prefer } from './preferences.ts';
import { Switch } from './switch.tsx';
import { theme } from './theme.ts';

const words = strings.settings;
const THEMES = [
  { value: 'system', icon: Monitor },
  { value: 'light', icon: Sun },
  { value: 'dark', icon: Moon },
] as const;

/** What this browser prefers; nothing of it leaves it. */
export function GeneralSection() {
  const chosen = useKept(theme);
  const { singleKeys } = useKept(preferences);
  return (
    <>
      <Section title={words.appearance}>
        <fieldset>
          <legend className="sr-only">{words.theme}</legend>
          <div className="grid max-w-xl grid-cols-3 gap-2">
            {THEMES.map(({ value, icon: Icon }) => (
              <label
                key={value}
                className="flex cursor-pointer flex-col items-center gap-2 rounded-xl border border-line bg-panel px-3 py-4 text-center text-sm font-medium hover:border-line-strong has-checked:border-ember has-checked:bg-ember-soft has-focus-visible:outline-2 has-focus-visible:outline-ember"
              >
                <input
                  type="radio"
                  name="theme"
                  className="sr-only"
                  checked={chosen === value}
                  onChange={() => theme.set(value)}
                />
                <Icon className="size-5" aria-hidden="true" />
                {words.themes[value]}
              </label>
            ))}
          </div>
        </fieldset>
      </Section>
      <NotificationsSection />
      <Section title={words.keyboard}>
        <div className="divide-y divide-line rounded-xl border border-line bg-panel px-4">
          <Switch
            name={words.singleKeys}
            hint={words.singleKeysHint}
            on={singleKeys}
            change={(on) => prefer({ singleKeys: on })}
          />
        </div>
        <Button className="mt-3" onClick={() => openOverlay('help')}>
          {words.showKeys}
        </Button>
      </Section>
      <InstallSection />
    </>
  );
}
