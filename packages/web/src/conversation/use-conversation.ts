import { applyEvent, startConversation } from '@hearth/client/conversation';
import type { Conversation } from '@hearth/client/conversation';
import { useEffect, useState } from 'react';
import { asProblem } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { hearth } from '../server.ts';
import { markdownLoaded } from './prose.tsx';

export type ConversationState =
  | { status: 'loading' }
  | { status: 'ready'; conversation: Conversation }
  | { status: 'failed'; problem: Problem };

/** Events are folded as they come, so that none waits for long; a long log should not be asked for in many parts. */
const MAX_WAITING = 50_000;

/** A page that nobody looks at has no frames; it is brought up to date after this. */
const HIDDEN_MS = 500;

/** A session's conversation: its log so far, then each event as it comes, drawn at most once per frame. */
export function useConversation(sessionId: string): ConversationState {
  const [state, setState] = useState<ConversationState>({ status: 'loading' });
  useEffect(() => {
    let conversation = startConversation();
    let caughtUp = false;
    let over = false;
    let drawing: (() => void) | undefined;
    const feed = hearth.session(sessionId).events({ maxWaiting: MAX_WAITING });
    const draw = (): void => {
      drawing = undefined;
      setState({ status: 'ready', conversation });
    };
    const drawSoon = (): void => {
      if (over || !caughtUp || drawing !== undefined) return;
      drawing = soon(draw);
    };
    const read = async (): Promise<void> => {
      for await (const event of feed) {
        conversation = applyEvent(conversation, event);
        drawSoon();
      }
    };
    const drawWhenCaughtUp = async (): Promise<void> => {
      await feed.caughtUp;
      performance.mark('conversation-read');
      await markdownLoaded;
      performance.mark('conversation-ready');
      caughtUp = true;
      if (conversation.session !== null) drawSoon();
    };
    Promise.all([read(), drawWhenCaughtUp()]).catch((error: unknown) =>
      setState({ status: 'failed', problem: asProblem(error) }),
    );
    return () => {
      over = true;
      feed.close();
      drawing?.();
    };
  }, [sessionId]);
  return state;
}

/** Before the next frame, or after a while where there are none. Returns what stops it. */
function soon(act: () => void): () => void {
  const stop = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
  const once = (): void => {
    stop();
    act();
  };
  const frame = requestAnimationFrame(once);
  const timer = setTimeout(once, HIDDEN_MS);
  return stop;
}
