import type { NoteItem } from '@hearth/client/conversation';
import { Info, TriangleAlert } from 'lucide-react';
import { strings } from '../strings/strings.ts';

const words = strings.conversation.note;

const LOOKS = { info: 'text-soft', warning: 'text-warn', error: 'text-bad' } as const;

/** A line between what was said and done. */
export function Note({ item: { note } }: { item: NoteItem }) {
  const level = note.kind === 'notice' ? note.level : 'info';
  const Icon = level === 'info' ? Info : TriangleAlert;
  return (
    <p
      className={`my-3 flex items-start gap-2 text-sm ${LOOKS[level]}`}
      data-note={note.kind === 'notice' ? note.code : note.kind}
    >
      <Icon className="mt-1 size-4 shrink-0" aria-hidden="true" />
      <span dir="auto" className="min-w-0 [overflow-wrap:anywhere]">
        {textOf(note)}
      </span>
    </p>
  );
}

function textOf(note: NoteItem['note']): string {
  switch (note.kind) {
    case 'notice':
      return note.text;
    case 'compacted':
      return words.compacted;
    case 'rewound':
      return words.rewound(note.turns, note.files.length);
    case 'account':
      return words.account(note.label, note.reason);
  }
}
