import { lazy } from 'react';

/** What comes when it is asked for, so that the first screen does not wait for it. */
export const Palette = lazy(async () => ({ default: (await import('./palette/palette.tsx')).Palette }));
export const HelpSheet = lazy(async () => ({ default: (await import('./palette/help-sheet.tsx')).HelpSheet }));
export const RenameDialog = lazy(async () => ({
  default: (await import('./sessions/rename-dialog.tsx')).RenameDialog,
}));
export const UsagePage = lazy(async () => ({ default: (await import('./usage/usage-page.tsx')).UsagePage }));
export const SettingsPage = lazy(async () => ({
  default: (await import('./settings/settings-page.tsx')).SettingsPage,
}));
