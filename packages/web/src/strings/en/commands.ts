/** The command palette, the shortcuts, notifications. */
export const commands = {
  palette: 'Commands',
  placeholder: 'Go to a session, or do something …',
  none: 'Nothing matches.',
  sessions: 'Sessions',
  actions: 'Commands',
  navigateHint: '↑ ↓ to choose, Enter to do it, Esc to close',
  help: 'Keyboard shortcuts',
  helpHint: 'Single keys work while no text is written; they can be turned off in the settings.',
  groups: { everywhere: 'Everywhere', list: 'Sessions', session: 'This session' },
  names: {
    palette: 'Command palette',
    help: 'Keyboard shortcuts',
    newSession: 'New session',
    search: 'Search the sessions',
    nextSession: 'Next session',
    previousSession: 'Previous session',
    nextWaiting: 'Go to what waits for you',
    home: 'Go to the sessions',
    usage: 'Go to usage',
    settings: 'Go to the settings',
    theme: 'Change the theme',
    rename: 'Rename the session',
    archive: 'Archive the session',
    fork: 'Fork the session',
    delete: 'Delete the session',
    composer: 'Write a message',
  },
} as const;

export const notifications = {
  name: 'Hearth',
  tryOut: 'This is what a notification looks like.',
  done: 'Done.',
  failed: (why: string | undefined) => (why === undefined ? 'It failed.' : `It failed: ${why}`),
  waiting: (kind: 'tool' | 'question' | 'plan', tool: string) => {
    if (kind === 'question') return 'It has a question for you.';
    return kind === 'plan' ? 'Its plan waits for your approval.' : `It asks for your permission: ${tool}`;
  },
} as const;
