import type { SessionSummary } from '@hearth/protocol';
import {
  Archive,
  ArchiveRestore,
  BellDot,
  Ellipsis,
  FileJson,
  FileText,
  GitFork,
  Link2,
  Pencil,
  Trash2,
} from 'lucide-react';
import { ActionMenu } from '../parts/action-menu.tsx';
import type { Action } from '../parts/action-menu.tsx';
import { strings } from '../strings/strings.ts';
import { markUnread } from './seen.ts';
import { archive, askForName, copyLink, exportTranscript, fork, remove } from './session-commands.ts';
import { titleOf } from './title.ts';

const words = strings.sessions;

/** What can be done with a session. */
export function SessionMenu({ session, className = '' }: { session: SessionSummary; className?: string }) {
  return (
    <ActionMenu label={words.actions(titleOf(session))} className={className} actions={actionsOf(session)}>
      <Ellipsis className="size-4" aria-hidden="true" />
    </ActionMenu>
  );
}

function actionsOf(session: SessionSummary): readonly Action[] {
  const { archived } = session;
  return [
    { icon: Pencil, text: words.rename, act: () => askForName(session) },
    { icon: GitFork, text: words.fork, act: () => void fork(session) },
    { icon: BellDot, text: words.markUnread, act: () => markUnread(session) },
    { icon: Link2, text: words.copyLink, act: () => void copyLink(session) },
    { icon: FileText, text: words.exportMarkdown, act: () => void exportTranscript(session, 'md'), apart: true },
    { icon: FileJson, text: words.exportJson, act: () => void exportTranscript(session, 'json') },
    {
      icon: archived ? ArchiveRestore : Archive,
      text: archived ? words.unarchive : words.archive,
      act: () => void archive(session, !archived),
      apart: true,
    },
    { icon: Trash2, text: words.delete, act: () => remove(session), danger: true },
  ];
}
