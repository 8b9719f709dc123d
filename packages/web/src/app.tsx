import { ConnectionBanner } from './connection-banner.tsx';
import { ConversationPage } from './conversation/conversation-page.tsx';
import { LogInPage } from './log-in-page.tsx';
import { usePage } from './navigation.ts';
import { Link } from './parts/link.tsx';
import { useConnection } from './server.ts';
import { NewSession } from './sessions/new-session.tsx';
import { SessionList } from './sessions/session-list.tsx';

/** The list on the left and the conversation on the right; on a phone one of them at a time. */
export function App() {
  const { status } = useConnection();
  const page = usePage();
  if (status === 'unauthorized') return <LogInPage />;
  const sessionId = page.name === 'session' ? page.sessionId : undefined;
  const listOnly = page.name === 'home';
  return (
    <div className="flex h-full flex-col">
      <ConnectionBanner />
      <div className="flex min-h-0 flex-1">
        <aside
          className={`${listOnly ? 'flex' : 'hidden'} w-full shrink-0 flex-col border-line bg-sunken md:flex md:w-80 md:border-r`}
        >
          <SessionList current={sessionId} />
        </aside>
        <div className={`${listOnly ? 'hidden md:block' : 'block'} min-w-0 flex-1`}>
          {page.name === 'session' && <ConversationPage key={page.sessionId} sessionId={page.sessionId} />}
          {(page.name === 'home' || page.name === 'new') && <NewSession />}
          {page.name === 'unknown' && <NoSuchPage />}
        </div>
      </div>
    </div>
  );
}

function NoSuchPage() {
  return (
    <main className="grid h-full place-items-center p-8 text-center">
      <div>
        <h1 className="text-xl font-semibold">There is no such page</h1>
        <p className="mt-2 text-soft">
          <Link href="/" className="text-ember underline">
            Go to your sessions
          </Link>
        </p>
      </div>
    </main>
  );
}
