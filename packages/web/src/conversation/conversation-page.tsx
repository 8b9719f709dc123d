import type { Conversation } from '@hearth/client/conversation';
import { ArrowDown } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useShallow } from 'zustand/react/shallow';
import { usePageTitle } from '../attention/page-title.ts';
import { sessionPath } from '../navigation.ts';
import { Button } from '../parts/button.tsx';
import { Link } from '../parts/link.tsx';
import type { Problem } from '../problem.ts';
import { hearth } from '../server.ts';
import { titleOf } from '../sessions/title.ts';
import { strings } from '../strings/strings.ts';
import { Announcer } from './announcer.tsx';
import { ApprovalCard } from './approval-card.tsx';
import { CatchingUp } from './catching-up.tsx';
import { Composer } from './composer.tsx';
import { ConversationHeader } from './conversation-header.tsx';
import { ConversationList } from './conversation-list.tsx';
import type { ListHandle } from './conversation-list.tsx';
import { useOutbox } from './outbox.ts';
import { FindBar, isFindKey } from './find-bar.tsx';
import { saidBefore } from './input-history.ts';
import { Plan } from './plan.tsx';
import { OutgoingMessages } from './outgoing-messages.tsx';
import { Queue } from './queue.tsx';
import { Retry } from './retry.tsx';
import { rowsOf } from './rows.ts';
import { ShownSessionContext } from './shown-session.ts';
import { useBottom } from './use-bottom.ts';
import { useConversation } from './use-conversation.ts';
import { Working } from './working.tsx';

const words = strings.conversation;

/** One session: what was said and done, and the means to say more. */
export function ConversationPage({ sessionId }: { sessionId: string }) {
  const state = useConversation(sessionId);
  switch (state.status) {
    case 'loading':
      return (
        <main className="h-full">
          <h1 className="sr-only">{words.session}</h1>
          <p role="status" className="sr-only">
            {words.loading}
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
  const { session, phase, timeline, queue, approvals } = conversation;
  const title = session === null ? '' : titleOf(session);
  const outgoing = useOutbox(
    useShallow((outbox) =>
      outbox.outgoing.filter((one) => one.sessionId === sessionId && !isKnown(conversation, one.clientMessageId)),
    ),
  );
  const { scroller, content, atBottom, go, leave } = useBottom();
  const list = useRef<ListHandle>(null);
  const [finding, setFinding] = useState(false);
  const rowsBox = useCallback(() => content.current, [content]);
  useEffect(() => {
    const open = (event: KeyboardEvent): void => {
      if (!isFindKey(event)) return;
      event.preventDefault();
      setFinding(true);
    };
    addEventListener('keydown', open);
    return () => removeEventListener('keydown', open);
  }, []);
  const rows = useMemo(() => rowsOf(timeline), [timeline]);
  const waiting = useMemo(
    () => new Set(approvals.flatMap(({ toolCallId }) => (toolCallId === undefined ? [] : [toolCallId]))),
    [approvals],
  );
  const cwd = session?.cwd ?? '';
  const isIdle = phase === 'idle' && queue.length === 0;
  const shown = useMemo(() => ({ id: sessionId, cwd, isIdle }), [sessionId, cwd, isIdle]);
  usePageTitle(title);
  if (session === null) return null;
  const isEmpty = rows.length === 0 && outgoing.length === 0 && queue.length === 0;
  return (
    <ShownSessionContext value={shown}>
      <main className="flex h-full flex-col">
        <ConversationHeader
          session={session}
          phase={phase}
          costUsd={conversation.costUsd}
          context={conversation.context}
          find={() => setFinding(true)}
        />
        <CatchingUp sessionId={sessionId} lastSeq={conversation.lastSeq} />
        <div className="relative flex min-h-0 flex-1 flex-col">
          {finding && (
            <FindBar
              rows={rows}
              within={rowsBox}
              show={(index) => {
                leave();
                list.current?.show(index);
              }}
              close={() => setFinding(false)}
            />
          )}
          <div
            ref={scroller}
            className="min-h-0 flex-1 overflow-y-auto [overflow-anchor:none]"
            tabIndex={0}
            role="region"
            aria-label={words.label}
          >
            <div ref={content} className="mx-auto w-full max-w-3xl px-4 py-3 sm:px-6">
              {session.forkedFrom !== undefined && <ForkedFrom sessionId={session.forkedFrom.sessionId} />}
              {isEmpty && <p className="py-16 text-center text-soft">{words.empty}</p>}
              <ConversationList rows={rows} waiting={waiting} scroller={scroller} handle={list}>
                <Below conversation={conversation} />
                <OutgoingMessages outgoing={outgoing} />
              </ConversationList>
            </div>
          </div>
        </div>
        <div className="relative">
          {!atBottom && (
            <Button
              size="small"
              className="absolute -top-11 left-1/2 z-10 -translate-x-1/2 rounded-full shadow-md"
              onClick={go}
            >
              <ArrowDown className="size-4" aria-hidden="true" /> {words.toNewest}
            </Button>
          )}
          <div className="mx-auto max-h-[62dvh] w-full max-w-3xl overflow-y-auto px-3 sm:px-6">
            {approvals.map((approval, index) => (
              <ApprovalCard
                isFirst={index === 0}
                key={approval.approvalId}
                approval={approval}
                answer={(answer) => hearth.session(sessionId).answer(approval.approvalId, answer)}
              />
            ))}
          </div>
          <Queue sessionId={sessionId} queue={queue} />
          {phase === 'closed' ? (
            <p className="border-t border-line px-4 py-4 text-center text-sm text-soft">{words.closed}</p>
          ) : (
            <Composer sessionId={sessionId} phase={phase} onSent={go} said={() => saidBefore(conversation)} />
          )}
        </div>
        <Announcer conversation={conversation} />
      </main>
    </ShownSessionContext>
  );
}

/** What goes on right now. */
function Below({ conversation: { phase, plan, retry, phaseSince } }: { conversation: Conversation }) {
  return (
    <>
      {phase !== 'idle' && plan.length > 0 && <Plan entries={plan} />}
      {retry !== null && <Retry retry={retry} />}
      <Working phase={phase} since={phaseSince} />
    </>
  );
}

function ForkedFrom({ sessionId }: { sessionId: string }) {
  return (
    <p className="py-2 text-center text-xs text-soft">
      {words.forkedFrom}{' '}
      <Link href={sessionPath(sessionId)} className="underline hover:text-ink">
        {words.forkedFromAnother}
      </Link>
    </p>
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
        <h1 className="text-xl font-semibold">{gone ? words.noSession : words.notShown}</h1>
        <p className="mt-2 text-soft">{gone ? words.noSessionWhy : `${problem.message} ${problem.hint ?? ''}`}</p>
        <p className="mt-5">
          <Link href="/" className="text-ember underline">
            {strings.shell.toSessions}
          </Link>
        </p>
      </div>
    </main>
  );
}
