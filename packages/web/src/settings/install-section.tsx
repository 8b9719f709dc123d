import { Download } from 'lucide-react';
import { Button } from '../parts/button.tsx';
import { Section } from '../parts/page.tsx';
import { strings } from '../strings/strings.ts';
import { isInstalled, useInstall } from './install.ts';

const words = strings.settings;

export function InstallSection() {
  const offer = useInstall((state) => state.prompt);
  return (
    <Section title={words.app} hint={words.appHint}>
      {isInstalled() && <p className="text-sm text-good">{words.installed}</p>}
      {!isInstalled() && offer !== null && (
        <Button onClick={() => void offer.prompt()}>
          <Download className="size-4" aria-hidden="true" />
          {words.install}
        </Button>
      )}
      {!isInstalled() && offer === null && <p className="text-sm text-soft">{words.installHow}</p>}
    </Section>
  );
}
