import { AccountsSection } from '../accounts/accounts-section.tsx';
import { settingsPath } from '../navigation.ts';
import type { SettingsSection } from '../navigation.ts';
import { Link } from '../parts/link.tsx';
import { PageFrame } from '../parts/page.tsx';
import { strings } from '../strings/strings.ts';
import { AgentsSection } from './agents-section.tsx';
import { GeneralSection } from './general-section.tsx';
import { TokensSection } from './tokens-section.tsx';

const words = strings.settings;
const SECTIONS: readonly SettingsSection[] = ['general', 'agents', 'accounts', 'tokens'];

export function SettingsPage({ section }: { section: SettingsSection }) {
  return (
    <PageFrame title={words.title}>
      <nav aria-label={words.title} className="mt-4 -mb-2 flex gap-1 overflow-x-auto border-b border-line">
        {SECTIONS.map((one) => (
          <Link
            key={one}
            href={settingsPath(one)}
            aria-current={one === section ? 'page' : undefined}
            className="-mb-px border-b-2 border-transparent px-3 py-2 text-sm font-medium whitespace-nowrap text-soft hover:text-ink aria-[current=page]:border-ember aria-[current=page]:text-ink"
          >
            {words.sections[one]}
          </Link>
        ))}
      </nav>
      <SectionOf section={section} />
    </PageFrame>
  );
}

function SectionOf({ section }: { section: SettingsSection }) {
  switch (section) {
    case 'general':
      return <GeneralSection />;
    case 'agents':
      return <AgentsSection />;
    case 'accounts':
      return <AccountsSection />;
    case 'tokens':
      return <TokensSection />;
  }
}
