import type { SessionSummary } from '@hearth/protocol';
import { create } from 'zustand';
import { copyText } from '../copy-text.ts';
import { navigate, sessionPath } from '../navigation.ts';
import { asProblem } from '../problem.ts';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';
import { showToast } from '../toasts.ts';
import { deleteLater } from './deletions.ts';
import { take } from './sessions-store.ts';
import { summaryOf } from './summary.ts';
import { titleOf } from './title.ts';

/** The session whose new name is asked for. */
export const useRenaming = create<{ session: SessionSummary | null }>()(() => ({ session: null }));

export function askForName(session: SessionSummary | null): void {
  useRenaming.setState({ session });
}

export async function rename(session: SessionSummary, title: string): Promise<void> {
  await tried(async () => take(summaryOf(await hearth.session(session.id).update({ title }))));
}

export async function archive(session: SessionSummary, archived: boolean): Promise<void> {
  await tried(async () => {
    take(summaryOf(await hearth.session(session.id).update({ archived })));
    const said = archived ? strings.sessions.archived : strings.sessions.unarchived;
    const run = (): void => void archive(session, !archived);
    showToast(said(titleOf(session)), archived ? { action: { label: strings.sessions.undo, run } } : {});
  });
}

export async function fork(session: SessionSummary): Promise<void> {
  await tried(async () => {
    const { id } = await hearth.session(session.id).fork();
    navigate(sessionPath(id));
  });
}

/** Deletes it after a while in which that can be taken back, and leaves its page. */
export function remove(session: SessionSummary): void {
  deleteLater(session.id, titleOf(session));
  if (location.pathname === sessionPath(session.id)) navigate('/');
}

/** Has the browser save the conversation as a file. */
export async function exportTranscript(session: SessionSummary, format: 'md' | 'json'): Promise<void> {
  await tried(async () => {
    const handle = hearth.session(session.id);
    const text =
      format === 'md' ? await handle.transcript('md') : JSON.stringify(await handle.transcript('json'), null, 2);
    const type = format === 'md' ? 'text/markdown' : 'application/json';
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = Object.assign(document.createElement('a'), { href: url, download: `${fileName(session)}.${format}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  });
}

export async function copyLink(session: SessionSummary): Promise<void> {
  await tried(async () => {
    await copyText(location.origin + sessionPath(session.id));
    showToast(strings.sessions.copied);
  });
}

function fileName(session: SessionSummary): string {
  const name = titleOf(session)
    .normalize('NFKD')
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60)
    .toLowerCase();
  return name === '' ? session.id : name;
}

async function tried(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const { message, hint } = asProblem(error);
    showToast(hint === undefined ? message : `${message} ${hint}`, { tone: 'bad' });
  }
}
