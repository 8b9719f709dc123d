import { X } from 'lucide-react';
import { strings } from '../strings/strings.ts';
import { detach } from './attachments.ts';
import type { Attachment } from './attachments.ts';

const words = strings.conversation.composer;

/** The images that go with the next message, each of which can be taken away again. */
export function AttachmentList({ sessionId, attachments }: { sessionId: string; attachments: readonly Attachment[] }) {
  if (attachments.length === 0) return null;
  return (
    <ul aria-label={words.images} className="flex flex-wrap gap-2 px-3 pt-3">
      {attachments.map(({ id, name, mediaType, data }) => (
        <li key={id} className="relative" data-attachment={name}>
          <img
            src={`data:${mediaType};base64,${data}`}
            alt={name}
            className="size-16 rounded-lg border border-line object-cover"
          />
          <button
            type="button"
            aria-label={words.removeImage(name)}
            title={words.removeImage(name)}
            onClick={() => detach(sessionId, id)}
            className="absolute -end-2 -top-2 grid size-6 place-items-center rounded-full border border-line bg-panel text-soft shadow-sm hover:text-bad"
          >
            <X className="size-3.5" aria-hidden="true" />
          </button>
        </li>
      ))}
    </ul>
  );
}
