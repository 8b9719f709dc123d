import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { Suspense, useEffect } from 'react';
import type { ReactNode } from 'react';
import { followNotifications } from './attention/notifications.ts';
import { useAttention } from './attention/use-attention.ts';
import { WaitingBar } from './attention/waiting-bar.tsx';
import { ConnectionBanner } from './connection-banner.tsx';
import { ConversationPage } from './conversation/conversation-page.tsx';
import { HelpSheet, Palette, RenameDialog, SettingsPage, UsagePage } from './lazy-parts.ts';
import { LogInPage } from './log-in-page.tsx';
import { usePage } from './navigation.ts';
import type { Page } from './navigation.ts';
import { useOverlay } from './overlays.ts';
import { useShortcuts } from './palette/use-shortcuts.ts';
import { Link } from './parts/link.tsx';
import { PartBoundary } from './parts/part-boundary.tsx';
import { ToastList } from './parts/toast-list.tsx';
import { useWide } from './parts/use-wide.ts';
import { useConnection } from './server.ts';
import { followDeletions } from './sessions/deletions.ts';
import { NewSession } from './sessions/new-session.tsx';
import { startSeeing } from './sessions/seen.ts';
import { useRenaming } from './sessions/session-commands.ts';
import { matches } from './sessions/session-order.ts';
import { SessionPanel } from './sessions/session-panel.tsx';
import { followSessions, useSessions } from './sessions/sessions-store.ts';
import { useLookingAt } from './sessions/use-looking-at.ts';
import { followTheme } from './settings/theme.ts';
import { strings } from './strings/strings.ts';

const RETRIES = 1;
const queries = new QueryClient({
  defaultOptions: { queries: { retry: RETRIES, staleTime: 15_000, networkMode: 'always' } },
});

/** The list on the left and a page on the right; on a phone one of them at a time. */
export function App() {
  const { status } = useConnection();
  useEffect(followTheme, []);
  if (status === 'unauthorized') return <LogInPage />;
  return (
    <QueryClientProvider client={queries}>
      <LoggedIn />
    </QueryClientProvider>
  );
}

function LoggedIn() {
  const page = usePage();
  const wide = useWide();
  const sessionId = page.name === 'session' ? page.sessionId : undefined;
  const listTells = useSessions(({ waiting, query }) => waiting.every((one) => matches(query, one)));
  useEffect(startSeeing, []);
  useEffect(followSessions, []);
  useEffect(followDeletions, []);
  useEffect(followNotifications, []);
  useLookingAt(sessionId);
  useAttention();
  useShortcuts();
  return (
    <div className="flex h-full flex-col">
      <a
        href="#content"
        className="sr-only rounded-lg bg-ember px-3 py-2 text-sm font-medium text-on-ember focus:not-sr-only focus:fixed focus:start-3 focus:top-3 focus:z-50"
      >
        {strings.shell.skip}
      </a>
      <ConnectionBanner />
      {(wide || page.name !== 'home' || !listTells) && <WaitingBar current={sessionId} />}
      {wide ? <Wide page={page} /> : <Narrow page={page} />}
      <Overlays />
      <ToastList />
    </div>
  );
}

function Wide({ page }: { page: Page }) {
  return (
    <div className="flex min-h-0 flex-1">
      <aside className="w-80 shrink-0 border-e border-line bg-sunken">
        <SessionPanel current={page.name === 'session' ? page.sessionId : undefined} />
      </aside>
      <div id="content" tabIndex={-1} className="min-w-0 flex-1 outline-none">
        {page.name === 'home' ? <NewSession /> : <Content page={page} />}
      </div>
    </div>
  );
}

function Narrow({ page }: { page: Page }) {
  if (page.name !== 'home') {
    return (
      <div id="content" tabIndex={-1} className="min-h-0 flex-1 outline-none">
        <Content page={page} />
      </div>
    );
  }
  return (
    <main id="content" tabIndex={-1} className="min-h-0 flex-1 bg-sunken outline-none">
      <h1 className="sr-only">{strings.sessions.title}</h1>
      <SessionPanel current={undefined} />
    </main>
  );
}

function Content({ page }: { page: Exclude<Page, { name: 'home' }> }) {
  switch (page.name) {
    case 'session':
      return <ConversationPage key={page.sessionId} sessionId={page.sessionId} />;
    case 'new':
      return <NewSession />;
    case 'usage':
      return (
        <Part key="usage">
          <UsagePage />
        </Part>
      );
    case 'settings':
      return (
        <Part key="settings">
          <SettingsPage section={page.section} />
        </Part>
      );
    case 'unknown':
      return <NoSuchPage />;
  }
}

/** A page whose script comes when it is asked for. */
function Part({ children }: { children: ReactNode }) {
  return (
    <PartBoundary>
      <Suspense
        fallback={
          <main className="p-8">
            <p role="status" className="text-soft">
              {strings.shell.loading}
            </p>
          </main>
        }
      >
        {children}
      </Suspense>
    </PartBoundary>
  );
}

function Overlays() {
  const overlay = useOverlay((state) => state.overlay);
  const renaming = useRenaming((state) => state.session !== null);
  return (
    <Suspense>
      {overlay === 'palette' && <Palette />}
      {overlay === 'help' && <HelpSheet />}
      {renaming && <RenameDialog />}
    </Suspense>
  );
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
