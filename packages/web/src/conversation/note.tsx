import type { NoteItem } from '@hearth/client/conversation';
import { Info, TriangleAlert } from 'lucide-react';

const LOOKS = { info: 'text-soft', warning: 'text-warn', error: 'text-bad' } as const;

/** A line between what was said and done. */
export function Note({ item: { note } }: { item: NoteItem }) {
  const level = note.kind === 'notice' ? note.level : 'info';
  const Icon = level === 'info' ? Info : TriangleAlert;
  return (
    <p className={`my-3 flex items-start gap-2 text-sm ${LOOKS[level]}`}>
      <Icon className="mt-1 size-4 shrink-0" aria-hidden="true" /> {textOf(note)}
    </p>
  );
}

function textOf(note: NoteItem['note']): string {
  switch (note.kind) {
    case 'notice':
      return note.text;
    case 'compacted':
      return 'The conversation was compacted to make room in the model’s context.';
    case 'rewound':
      return rewound(note.turns, note.files.length);
    case 'account':
      return `Goes on with the account ${note.label}: ${note.reason}`;
  }
}

function rewound(turns: number, files: number): string {
  const parts = [
    ...(turns === 0 ? [] : [turns === 1 ? 'the last turn was taken back' : `the last ${turns} turns were taken back`]),
    ...(files === 0 ? [] : [files === 1 ? 'one file was put back' : `${files} files were put back`]),
  ];
  return `Rewound: ${parts.length === 0 ? 'no file had changed' : parts.join(', ')}.`;
}
