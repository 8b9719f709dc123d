import type { PermissionMode } from '@hearth/protocol';

/** The modes that can be chosen, in plain words. Bypassing permissions is the server's configuration's matter. */
export const PERMISSION_MODES: readonly { mode: PermissionMode; name: string; meaning: string }[] = [
  { mode: 'default', name: 'Ask first', meaning: 'Asks before it changes files or runs commands.' },
  { mode: 'acceptEdits', name: 'Edit freely', meaning: 'Changes files without asking; asks before commands.' },
  { mode: 'plan', name: 'Plan only', meaning: 'Looks and plans; changes nothing until you approve.' },
  { mode: 'dontAsk', name: 'Never ask', meaning: 'What is not allowed already is denied without asking.' },
];

export function modeName(mode: PermissionMode): string {
  return PERMISSION_MODES.find((known) => known.mode === mode)?.name ?? 'No limits';
}
