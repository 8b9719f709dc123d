import { navigate, pageOf, sessionPath } from '../navigation.ts';
import { openOverlay } from '../overlays.ts';
import { archive, askForName, fork, remove } from '../sessions/session-commands.ts';
import { useSessions } from '../sessions/sessions-store.ts';
import { nextTheme, theme } from '../settings/theme.ts';
import type { strings } from '../strings/strings.ts';

export type CommandName = keyof typeof strings.commands.names;

/** Something that a key or the palette does. */
export interface Command {
  name: CommandName;
  group: keyof typeof strings.commands.groups;
  /** As `KeyboardEvent.key`; `mod+` is Ctrl, or Cmd on a Mac. */
  keys: string;
  /** Only where a session is looked at. */
  needsSession?: boolean;
  run: () => void;
}

const current = () => useSessions.getState().current;
const withCurrent = (act: (session: NonNullable<ReturnType<typeof current>>) => void) => (): void => {
  const session = current();
  if (session !== null) act(session);
};

export const COMMANDS: readonly Command[] = [
  { name: 'palette', group: 'everywhere', keys: 'mod+k', run: () => openOverlay('palette') },
  { name: 'help', group: 'everywhere', keys: '?', run: () => openOverlay('help') },
  { name: 'newSession', group: 'everywhere', keys: 'n', run: () => navigate('/new') },
  { name: 'nextWaiting', group: 'everywhere', keys: 'w', run: goToWaiting },
  { name: 'home', group: 'everywhere', keys: 'h', run: () => navigate('/') },
  { name: 'usage', group: 'everywhere', keys: 'u', run: () => navigate('/usage') },
  { name: 'settings', group: 'everywhere', keys: ',', run: () => navigate('/settings') },
  { name: 'theme', group: 'everywhere', keys: 't', run: () => theme.set(nextTheme(theme.get())) },
  { name: 'search', group: 'list', keys: '/', run: focusSearch },
  { name: 'nextSession', group: 'list', keys: 'j', run: () => step(1) },
  { name: 'previousSession', group: 'list', keys: 'k', run: () => step(-1) },
  { name: 'composer', group: 'session', keys: 'm', needsSession: true, run: focusComposer },
  { name: 'rename', group: 'session', keys: 'r', needsSession: true, run: withCurrent(askForName) },
  { name: 'fork', group: 'session', keys: 'f', needsSession: true, run: withCurrent((one) => void fork(one)) },
  {
    name: 'archive',
    group: 'session',
    keys: 'e',
    needsSession: true,
    run: withCurrent((one) => void archive(one, !one.archived)),
  },
  { name: 'delete', group: 'session', keys: '#', needsSession: true, run: withCurrent(remove) },
];

/** The commands that do something now. */
export function availableCommands(): readonly Command[] {
  const hasSession = current() !== null;
  return COMMANDS.filter(({ needsSession = false }) => hasSession || !needsSession);
}

/** A key as a person reads it. */
export function keyText(keys: string, isMac: boolean): string {
  return keys
    .split('+')
    .map((key) => (key === 'mod' ? (isMac ? '⌘' : 'Ctrl') : key.toUpperCase()))
    .join(isMac ? '' : ' + ');
}

export const IS_MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);

function shownSession(): string | undefined {
  const page = pageOf(location.pathname);
  return page.name === 'session' ? page.sessionId : undefined;
}

function step(by: 1 | -1): void {
  const { list } = useSessions.getState();
  if (list.status !== 'ready' || list.items.length === 0) return;
  const at = list.items.findIndex(({ id }) => id === shownSession());
  const next = list.items[at === -1 ? 0 : Math.min(list.items.length - 1, Math.max(0, at + by))];
  if (next !== undefined) navigate(sessionPath(next.id));
}

function goToWaiting(): void {
  const { waiting } = useSessions.getState();
  const at = waiting.findIndex(({ id }) => id === shownSession());
  const next = waiting[(at + 1) % Math.max(1, waiting.length)];
  if (next !== undefined) navigate(sessionPath(next.id));
}

function focusSearch(): void {
  const find = (): HTMLElement | null => document.getElementById('session-search');
  if (find() === null) navigate('/');
  requestAnimationFrame(() => find()?.focus());
}

function focusComposer(): void {
  document.querySelector<HTMLElement>('main textarea')?.focus();
}
