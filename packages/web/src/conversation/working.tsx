import type { Phase } from '@hearth/protocol';
import { useEffect, useState } from 'react';
import { duration } from '../format.ts';
import { PHASE_TEXT, standingOf } from '../sessions/standing.ts';

/** A sign of life with what the agent does and for how long already. */
export function Working({ phase, since }: { phase: Phase; since: string | null }) {
  if (standingOf(phase) !== 'working') return null;
  return (
    <p className="my-3 flex items-center gap-2.5 text-sm text-soft" data-phase={phase}>
      <span className="size-2 rounded-full bg-ember breathing" aria-hidden="true" />
      {PHASE_TEXT[phase]}
      {since !== null && <Elapsed key={since} since={since} />}
    </p>
  );
}

function Elapsed({ since }: { since: string }) {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const elapsedMs = nowMs - Date.parse(since);
  if (elapsedMs < 2000) return null;
  return <span className="tabular-nums">{duration(Math.floor(elapsedMs / 1000) * 1000)}</span>;
}
