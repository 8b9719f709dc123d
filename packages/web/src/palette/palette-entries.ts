import type { SessionSummary } from '@hearth/protocol';
import { strings } from '../strings/strings.ts';
import type { Command } from './commands.ts';

export type PaletteEntry =
  | { type: 'command'; key: string; command: Command }
  | { type: 'session'; key: string; session: SessionSummary };

const MOST_SESSIONS = 8;

/** What fits the text: sessions that wait first, then the newest, and commands; without a text a few of both. */
export function paletteEntries(
  text: string,
  commands: readonly Command[],
  sessions: readonly SessionSummary[],
): PaletteEntry[] {
  const parts = text
    .toLowerCase()
    .split(/\s+/)
    .filter((part) => part !== '');
  const fits = (told: string): boolean => parts.every((part) => told.toLowerCase().includes(part));
  const waitsFirst = (a: SessionSummary, b: SessionSummary): number =>
    Number(b.approvals.length > 0) - Number(a.approvals.length > 0);
  const found = sessions
    .filter((session) => fits(`${session.title ?? ''} ${session.cwd} ${session.id}`))
    .toSorted(waitsFirst)
    .slice(0, parts.length === 0 ? MOST_SESSIONS / 2 : MOST_SESSIONS)
    .map((session): PaletteEntry => ({ type: 'session', key: session.id, session }));
  const does = commands
    .filter(({ name }) => name !== 'palette' && fits(strings.commands.names[name]))
    .map((command): PaletteEntry => ({ type: 'command', key: command.name, command }));
  return [...found, ...does];
}
