import type { BlockItem } from '@hearth/client/conversation';
import { OctagonX } from 'lucide-react';
import { strings } from '../strings/strings.ts';
import { Prose } from './prose.tsx';

const words = strings.conversation.message;

/** What the agent said; a part of it, marked, when it was cut. */
export function AgentText({ block: { state, text } }: { block: BlockItem }) {
  return (
    <article className="my-4" data-block={state}>
      <h2 className="sr-only">{words.agentSaid}</h2>
      <Prose text={text} streaming={state === 'streaming'} />
      {state === 'partial' && (
        <p className="mt-1.5 inline-flex items-center gap-1.5 rounded-full bg-sunken px-2.5 py-0.5 text-xs text-soft">
          <OctagonX className="size-3.5" aria-hidden="true" /> {words.cut}
        </p>
      )}
    </article>
  );
}
