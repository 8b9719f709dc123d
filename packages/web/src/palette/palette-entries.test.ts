import type { SessionSummary } from '@hearth/protocol';
import { expect, test } from 'vitest';
import type { Command } from './commands.ts';
import { paletteEntries } from './palette-entries.ts';

const commands: Command[] = [
  { name: 'palette', group: 'everywhere', keys: 'mod+k', run: () => undefined },
  { name: 'newSession', group: 'everywhere', keys: 'n', run: () => undefined },
  { name: 'usage', group: 'everywhere', keys: 'u', run: () => undefined },
];
const session = (id: string, title: string, waits = false): SessionSummary =>
  ({ id, title, cwd: '/shop', approvals: waits ? [{ approvalId: 'a' }] : [] }) as unknown as SessionSummary;
const sessions = [session('1', 'Brew tea'), session('2', 'Burn toast', true), session('3', 'Count usage')];

test('what fits every part of the text is offered: sessions, those that wait first, then commands', () => {
  const keys = (text: string) => paletteEntries(text, commands, sessions).map(({ key }) => key);
  expect(keys('')).toEqual(['2', '1', '3', 'newSession', 'usage']);
  expect(keys('usage')).toEqual(['3', 'usage']);
  expect(keys('SHOP tea')).toEqual(['1']);
  expect(keys('nothing like it')).toEqual([]);
});
