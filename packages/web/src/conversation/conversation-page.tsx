import type { Conversation } from '@hearth/client/conversation';
import { ArrowDown } from 'lucide-react';
import { useEffect } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { Button } from '../parts/button.tsx';
import { Link } from '../parts/link.tsx';
import type { Problem } from '../problem.ts';
import { hearth } from '../server.ts';
import { refreshSessions } from '../sessions/sessions-store.ts';
import { titleOf } from '../sessions/title.ts';
import { Announcer } from './announcer.tsx';
import { ApprovalCard } from './approval-card.tsx';
import { Composer } from './composer.tsx';
import { ConversationHeader } from './conversation-header.tsx';
import { Cwd } from './cwd.ts';
import { useOutbox } from './outbox.ts';
import { Plan } from './plan.tsx';
import { OutgoingMessages, Queue } from './queue.tsx';
import { Retry } from './retry.tsx';
import { Timeline } from './timeline.tsx';
import { useBottom } from './use-bottom.ts';
import { useConversation } from './use-conversation.ts';
import { Working } from './working.tsx';

/** One session: what was said and done, and the means to say more. */
export function ConversationPage({ sessionId }: { sessionId: string }) {
  const state = useConversation(sessionId);
  switch (state.status) {
    case 'loading':
      return (
        <main className="h-full">
          <h1 className="sr-only">Session</h1>
          <p role="status" className="sr-only">
            Loading the conversation
          </p>
        </main>
      );
    case 'failed':
      return <Failed problem={state.problem} />;
    case 'ready':
      return <Ready sessionId={sessionId} conversation={state.conversation} />;
  }
}

function Ready({ sessionId, conversation }: { sessionId: string; conversation: Conversation }) {
  const { session, phase, timeline, queue, approvals, plan, retry } = conversation;
  const title = session === null ? '' : titleOf(session);
  const outgoing = useOutbox(
    useShallow((outbox) =>
      outbox.outgoing.filter((one) => one.sessionId === sessionId && !isKnown(conversation, one.clientMessageId)),
    ),
  );
  const { scroller, content, atBottom, go } = useBottom();
  useEffect(() => {
    refreshSessions();
    document.title = `${phase === 'awaiting_approval' ? '● ' : ''}${title} · Hearth`;
    return () => {
      document.title = 'Hearth';
    };
  }, [title, phase]);
  if (session === null) return null;
  const isEmpty = timeline.length === 0 && outgoing.length === 0 && queue.length === 0;
  return (
    <Cwd value={session.cwd}>
      <main className="flex h-full flex-col">
        <ConversationHeader
          session={session}
          phase={phase}
          costUsd={conversation.costUsd}
          context={conversation.context}
        />
        <div
          ref={scroller}
          className="min-h-0 flex-1 overflow-y-auto"
          tabIndex={0}
          role="region"
          aria-label="Conversation"
        >
          <div ref={content} className="mx-auto w-full max-w-3xl px-4 py-3 sm:px-6">
            {isEmpty && <p className="py-16 text-center text-soft">Say what you want to have done.</p>}
            <Timeline timeline={timeline} approvals={approvals} />
            {phase !== 'idle' && plan.length > 0 && <Plan entries={plan} />}
            {retry !== null && <Retry retry={retry} />}
            {approvals.map((approval) => (
              <ApprovalCard
                key={approval.approvalId}
                approval={approval}
                answer={(answer) => hearth.session(sessionId).answer(approval.approvalId, answer)}
              />
            ))}
            <Working phase={phase} since={conversation.phaseSince} />
            <Queue sessionId={sessionId} queue={queue} />
            <OutgoingMessages outgoing={outgoing} />
          </div>
        </div>
        <div className="relative">
          {!atBottom && (
            <Button
              size="small"
              className="absolute -top-11 left-1/2 -translate-x-1/2 rounded-full shadow-md"
              onClick={go}
            >
              <ArrowDown className="size-4" aria-hidden="true" /> To the newest
            </Button>
          )}
          {phase === 'closed' ? (
            <p className="border-t border-line px-4 py-4 text-center text-sm text-soft">This session is closed.</p>
          ) : (
            <Composer sessionId={sessionId} phase={phase} onSent={go} />
          )}
        </div>
        <Announcer conversation={conversation} />
      </main>
    </Cwd>
  );
}

/** Whether the log already tells of a message, so that it is not shown twice. */
function isKnown({ queue, timeline }: Conversation, clientMessageId: string): boolean {
  const known = (message: { clientMessageId?: string }): boolean => message.clientMessageId === clientMessageId;
  return (
    queue.some(known) ||
    timeline.some((entry) => {
      if (entry.type === 'undelivered') return known(entry);
      return entry.type === 'turn' && entry.items.some((item) => item.type === 'message' && known(item));
    })
  );
}

function Failed({ problem }: { problem: Problem }) {
  const gone = problem.code === 'not_found';
  return (
    <main className="grid h-full place-items-center p-8 text-center">
      <div className="max-w-md">
        <h1 className="text-xl font-semibold">{gone ? 'There is no such session' : 'The session cannot be shown'}</h1>
        <p className="mt-2 text-soft">
          {gone ? 'It was deleted, or the link is not complete.' : `${problem.message} ${problem.hint ?? ''}`}
        </p>
        <p className="mt-5">
          <Link href="/" className="text-ember underline">
            Go to your sessions
          </Link>
        </p>
      </div>
    </main>
  );
}
