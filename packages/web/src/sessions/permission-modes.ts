import type { PermissionMode } from '@hearth/protocol';
import { strings } from '../strings/strings.ts';

/** The modes that can be chosen. Bypassing permissions is the server's configuration's matter. */
const CHOICES: readonly PermissionMode[] = ['default', 'acceptEdits', 'plan', 'dontAsk'];

export const PERMISSION_MODES: readonly { mode: PermissionMode; name: string; meaning: string }[] = CHOICES.map(
  (mode) => ({ mode, ...strings.sessions.modes[mode] }),
);

export function modeName(mode: PermissionMode): string {
  return strings.sessions.modes[mode].name;
}
