import { LoaderCircle } from 'lucide-react';
import { useEffect, useState } from 'react';
import { hearth } from '../server.ts';
import { strings } from '../strings/strings.ts';

/** Catching up that is quicker than this is not worth a word. */
const QUIET_MS = 300;

export interface CatchingUpProps {
  sessionId: string;
  /** Of what is shown. */
  lastSeq: number;
}

/** After a lost connection: says that what is shown is not the newest yet, until it is. */
export function CatchingUp({ sessionId, lastSeq }: CatchingUpProps) {
  const [target, setTarget] = useState(0);
  const [patient, setPatient] = useState(false);
  useEffect(() => {
    let wasOffline = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = hearth.onState(({ status }) => {
      if (status === 'offline') wasOffline = true;
      if (status !== 'live' || !wasOffline) return;
      wasOffline = false;
      setPatient(false);
      clearTimeout(timer);
      timer = setTimeout(() => setPatient(true), QUIET_MS);
      // Where it fails the connection is lost again, and the next one asks again.
      hearth
        .session(sessionId)
        .get()
        .then(
          (session) => setTarget(session.lastSeq),
          () => undefined,
        );
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [sessionId]);
  const isBehind = lastSeq < target;
  return (
    <div role="status" data-catching-up={isBehind}>
      {isBehind && patient && (
        <p className="flex items-center justify-center gap-2.5 border-b border-line bg-sunken px-4 py-1 text-xs text-soft">
          <LoaderCircle className="size-3.5 animate-spin" aria-hidden="true" /> {strings.conversation.catchingUp}
        </p>
      )}
    </div>
  );
}
