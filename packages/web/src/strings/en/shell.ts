/** What surrounds the pages: the connection, the way in, errors without a place of their own. */
export const shell = {
  name: 'Hearth',
  sessions: 'Sessions',
  tabTitle: (page: string, waiting: number) =>
    `${waiting === 0 ? '' : `● ${waiting === 1 ? '' : `(${waiting}) `}`}${page === '' ? '' : `${page} · `}Hearth`,
  skip: 'Skip to the content',
  usage: 'Usage',
  settings: 'Settings',
  search: 'Commands',
  back: 'Back to the sessions',
  dismiss: 'Dismiss',
  close: 'Close',
  loading: 'Loading …',
  newVersion: 'A newer version of this page is ready.',
  reload: 'Reload',
  unseenPage: 'This part of the page could not be loaded.',
  unseenPageHint: 'The connection may be down, or the server was updated meanwhile.',
  connecting: 'Connecting to the server …',
  reconnecting: 'Reconnecting …',
  offline: (since: string) => `No connection to the server since ${since}. What was said is kept there.`,
  closed: 'The connection is closed.',
  tryNow: 'Try now',
  noPage: 'There is no such page',
  toSessions: 'Go to your sessions',
  logIn: {
    title: 'This browser is not logged in',
    explanation:
      'On the machine where the server runs, ask for a log-in link and open it here. It works once, for ten minutes.',
    command: 'Command',
    fromClone: 'From a clone of the repository it is',
    tryAgain: 'Try again',
  },
} as const;
