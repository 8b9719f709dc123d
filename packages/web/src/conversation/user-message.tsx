import type { Content } from '@hearth/protocol';
import { CornerDownRight } from 'lucide-react';
import { imagesOfContent, textOfContent } from './content-text.ts';

/** What the user said, at the place where the agent got it. */
export function UserMessage({ content, as }: { content: Content | null; as: 'turn' | 'steer' }) {
  return (
    <article className="my-5 flex flex-col items-end" data-message={as}>
      <h2 className="sr-only">You said</h2>
      <div className="max-w-[85%] rounded-2xl rounded-br-md bg-ember-soft px-4 py-2.5">
        {content === null ? (
          <p className="text-soft">A message that is not shown here</p>
        ) : (
          <Spoken content={content} />
        )}
      </div>
      {as === 'steer' && (
        <p className="mt-1 flex items-center gap-1 text-xs text-soft">
          <CornerDownRight className="size-3" aria-hidden="true" /> read while it worked
        </p>
      )}
    </article>
  );
}

export function Spoken({ content }: { content: Content }) {
  return (
    <>
      <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{textOfContent(content)}</p>
      {imagesOfContent(content).map((url, index) => (
        <img key={index} src={url} alt="Sent with the message" className="mt-2 max-h-64 rounded-lg" />
      ))}
    </>
  );
}
