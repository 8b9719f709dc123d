import { CloudOff, LoaderCircle } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from './parts/button.tsx';
import { hearth, useConnection } from './server.ts';
import { strings } from './strings/strings.ts';

/** A first connection takes a moment; only one that takes longer is worth a word. */
const QUIET_MS = 800;

/** Says when what is on the screen may not be the newest. Nothing is lost meanwhile: the server keeps it all. */
export function ConnectionBanner() {
  const state = useConnection();
  const patient = useLongerThan(state.status === 'connecting', QUIET_MS);
  switch (state.status) {
    case 'live':
    case 'unauthorized':
      return <div role="status" data-connection={state.status} />;
    case 'connecting':
      return (
        <div role="status" data-connection="connecting">
          {patient && <Bar text={strings.shell.connecting} />}
        </div>
      );
    case 'offline':
      return (
        <div role="status" data-connection="offline">
          <Bar
            text={state.nextRetryMs === 0 ? strings.shell.reconnecting : strings.shell.offline(timeOf(state.since))}
            trying={state.nextRetryMs === 0}
          />
        </div>
      );
    case 'closed':
      return (
        <div role="status" data-connection="closed">
          <Bar text={strings.shell.closed} trying={false} />
        </div>
      );
  }
}

function Bar({ text, trying = true }: { text: string; trying?: boolean }) {
  const Icon = trying ? LoaderCircle : CloudOff;
  return (
    <div className="flex items-center justify-center gap-2.5 border-b border-warn/25 bg-warn-soft px-4 py-1.5 text-sm text-warn">
      <Icon className={`size-4 ${trying ? 'animate-spin' : ''}`} aria-hidden="true" />
      <span>{text}</span>
      {!trying && (
        <Button size="small" look="bare" className="h-6 text-warn underline" onClick={() => hearth.reconnect()}>
          {strings.shell.tryNow}
        </Button>
      )}
    </div>
  );
}

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

function timeOf(ms: number): string {
  return time.format(ms);
}

function useLongerThan(condition: boolean, ms: number): boolean {
  const [longer, setLonger] = useState(false);
  useEffect(() => {
    if (!condition) return undefined;
    const timer = setTimeout(() => setLonger(true), ms);
    return () => {
      clearTimeout(timer);
      setLonger(false);
    };
  }, [condition, ms]);
  return longer;
}
