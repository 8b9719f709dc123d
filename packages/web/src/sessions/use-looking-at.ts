import { useEffect } from 'react';
import { markSeen } from './seen.ts';
import { lookAt, useSessions } from './sessions-store.ts';

/** The session on the screen: what happens in it counts as seen while the page is looked at. */
export function useLookingAt(sessionId: string | undefined): void {
  const current = useSessions((store) => store.current);
  useEffect(() => lookAt(sessionId), [sessionId]);
  useEffect(() => {
    if (current === null || current.id !== sessionId) return undefined;
    const see = (): void => {
      if (document.visibilityState === 'visible') markSeen(current);
    };
    see();
    document.addEventListener('visibilitychange', see);
    return () => document.removeEventListener('visibilitychange', see);
  }, [current, sessionId]);
}
