import { ConnectionBanner } from './connection-banner.tsx';
import { ConversationPage } from './conversation/conversation-page.tsx';
import { LogInPage } from './log-in-page.tsx';
import { usePage } from './navigation.ts';
import type { Page } from './navigation.ts';
import { Link } from './parts/link.tsx';
import { useWide } from './parts/use-wide.ts';
import { useConnection } from './server.ts';
import { NewSession } from './sessions/new-session.tsx';
import { SessionList } from './sessions/session-list.tsx';
import { strings } from './strings/strings.ts';

/** The list on the left and the conversation on the right; on a phone one of them at a time. */
export function App() {
  const { status } = useConnection();
  const page = usePage();
  const wide = useWide();
  if (status === 'unauthorized') return <LogInPage />;
  return (
    <div className="flex h-full flex-col">
      <ConnectionBanner />
      {wide ? <Wide page={page} /> : <Narrow page={page} />}
    </div>
  );
}

function Wide({ page }: { page: Page }) {
  return (
    <div className="flex min-h-0 flex-1">
      <aside className="w-80 shrink-0 border-r border-line bg-sunken">
        <SessionList current={page.name === 'session' ? page.sessionId : undefined} />
      </aside>
      <div className="min-w-0 flex-1">{page.name === 'home' ? <NewSession /> : <Content page={page} />}</div>
    </div>
  );
}

function Narrow({ page }: { page: Page }) {
  if (page.name !== 'home') {
    return (
      <div className="min-h-0 flex-1">
        <Content page={page} />
      </div>
    );
  }
  return (
    <main className="min-h-0 flex-1">
      <h1 className="sr-only">{strings.shell.sessions}</h1>
      <SessionList current={undefined} />
    </main>
  );
}

function Content({ page }: { page: Exclude<Page, { name: 'home' }> }) {
  switch (page.name) {
    case 'session':
      return <ConversationPage key={page.sessionId} sessionId={page.sessionId} />;
    case 'new':
      return <NewSession />;
    case 'unknown':
      return <NoSuchPage />;
  }
}

function NoSuchPage() {
  return (
    <main className="grid h-full place-items-center p-8 text-center">
      <div>
        <h1 className="text-xl font-semibold">{strings.shell.noPage}</h1>
        <p className="mt-2 text-soft">
          <Link href="/" className="text-ember underline">
            {strings.shell.toSessions}
          </Link>
        </p>
      </div>
    </main>
  );
}
